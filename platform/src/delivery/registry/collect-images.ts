import type { Logger, Running } from "../../kernel/index.ts";
import type { ImageCollection } from "../image/index.ts";
import type { RepositoryManagement, RepositoryRecords } from "./registry-ports.ts";
import { COMMON_SPACE, parseRepository } from "./registry-rules.ts";

/** What a sweep of a store has done. */
export interface SweepReport {
  /** Manifests that repositories have lost. */
  readonly manifests: number;
  readonly blobs: number;
  readonly freedBytes: number;
  /** What is out of reach, and not yet for long enough. */
  readonly waiting: number;
  /** Whether there is more to remove at once. */
  readonly more: boolean;
}

/** Blobs that one sweep removes, unless it is told otherwise. */
export const MOST_REMOVED = 50_000;

export interface CollectorParts {
  /** Undefined while another sweep is under way. Throws the signal's reason when it is to end. */
  readonly sweep: (known: readonly string[], signal: AbortSignal) => Promise<SweepReport | undefined>;
  readonly content: Pick<ImageCollection, "forget">;
  readonly records: Pick<RepositoryRecords, "tags"> & Pick<RepositoryManagement, "dropTag">;
  readonly logger: Logger;
  readonly swept?: Swept | undefined;
}

/** Told of each sweep that has ended. */
export type Swept = (report: SweepReport) => void;

/**
 * Collects the images of a store. One sweep runs at a time, in the background; what it removed is in the log. `stop` ends one
 * that is under way.
 */
export function startCollector({
  sweep,
  content,
  records,
  logger,
  swept,
}: CollectorParts): ImageCollection & Running {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const run = async (known: readonly string[]) => {
    const began = performance.now();
    try {
      const report = await sweep(known, stopping.signal);
      if (!report) return;
      tell(logger, report, performance.now() - began);
      swept?.(report);
    } catch (error) {
      if (!stopping.signal.aborted) logger.error("images cannot be collected", { error });
    }
  };
  return {
    async collect(known) {
      if (running || stopping.signal.aborted) return false;
      running = run(known).finally(() => {
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
