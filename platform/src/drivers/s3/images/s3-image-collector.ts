import type { ImageCollection } from "../../../delivery/image/index.ts";
import {
  COMMON_SPACE,
  parseRepository,
  type RepositoryManagement,
  type RepositoryRecords,
} from "../../../delivery/registry/index.ts";
import type { Clock, Logger, Running } from "../../../kernel/index.ts";
import type { S3Bucket } from "../client/index.ts";
import { makeLinkReader } from "./document-links.ts";
import type { S3Content } from "./s3-image-store.ts";
import { type BucketSweepReport, sweepBucket } from "./sweep-bucket.ts";

export interface S3ImageCollectorOptions {
  readonly bucket: S3Bucket;
  readonly content: S3Content;
  readonly records: RepositoryRecords & RepositoryManagement;
  readonly now: Clock;
  readonly logger: Logger;
  readonly graceMs: number;
}

/**
 * Collects the images of a bucket. One sweep runs at a time, in the background; what it removed is in the log. `stop` ends
 * one that is under way.
 */
export function startS3ImageCollector(options: S3ImageCollectorOptions): ImageCollection & Running {
  const { content, records, logger } = options;
  const links = makeLinkReader(content);
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const sweep = async (known: readonly string[]) => {
    const began = performance.now();
    try {
      const report = await sweepBucket({ ...options, links, known, signal: stopping.signal });
      if (report) tell(logger, report, performance.now() - began);
    } catch (error) {
      if (!stopping.signal.aborted) logger.error("images cannot be collected", { error });
    }
  };
  return {
    async collect(known) {
      if (running || stopping.signal.aborted) return false;
      running = sweep(known).finally(() => {
        running = undefined;
      });
      return true;
    },
    async forget(appId) {
      const repository = parseRepository(`${COMMON_SPACE}/${appId}`);
      if (!repository) return;
      await content.forget(appId);
      for (const tag of (await records.tags(repository)) ?? []) await records.dropTag(repository, tag);
    },
    async stop() {
      stopping.abort(new Error("the process ends"));
      await running;
    },
  };
}

function tell(logger: Logger, report: BucketSweepReport, ms: number): void {
  const { manifests, blobs, freedBytes, waiting, more } = report;
  logger.info("images that nothing reaches are removed", {
    ...{ manifests, blobs, freed_bytes: freedBytes, waiting, more, seconds: (ms / 1000).toFixed(3) },
  });
}
