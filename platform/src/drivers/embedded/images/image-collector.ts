import type { ImageCollection } from "../../../delivery/image/index.ts";
import { COMMON_SPACE, parseRepository } from "../../../delivery/registry/index.ts";
import type { Logger, Running } from "../../../kernel/index.ts";
import type { DiskImageStore } from "./disk-image-store.ts";
import { openDiskRepositories } from "./disk-repositories.ts";
import { type SweepReport, sweepImages } from "./sweep-images.ts";

export interface ImageCollectorOptions {
  readonly content: DiskImageStore;
  /** Where the store is, and the folder of all repositories. */
  readonly images: string;
  readonly repositories: string;
  readonly logger: Logger;
  /** Default: a day. */
  readonly graceMs?: number;
}

/** Longer than any push or build takes, and long enough for an operator to see what went wrong. */
const GRACE_MS = 24 * 60 * 60 * 1000;

/**
 * Collects the images of a store on this disk. One sweep runs at a time, in the background; what it removed is in the log.
 * `stop` ends one that is under way.
 */
export function startImageCollector(options: ImageCollectorOptions): ImageCollection & Running {
  const { content, images, repositories, logger, graceMs = GRACE_MS } = options;
  const records = openDiskRepositories(repositories);
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const sweep = async (known: readonly string[]) => {
    const began = performance.now();
    try {
      const { signal } = stopping;
      const report = await sweepImages({ content, images, repositories, known, graceMs, signal });
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

function tell(logger: Logger, report: SweepReport, ms: number): void {
  const { manifests, blobs, freedBytes, waiting, more } = report;
  logger.info("images that nothing reaches are removed", {
    ...{ manifests, blobs, freed_bytes: freedBytes, waiting, more, seconds: (ms / 1000).toFixed(3) },
  });
}
