import type { ImageCollection } from "../../../delivery/image/index.ts";
import { type Swept, startCollector } from "../../../delivery/registry/index.ts";
import type { Logger, Running } from "../../../kernel/index.ts";
import type { DiskImageStore } from "./disk-image-store.ts";
import { openDiskRepositories } from "./disk-repositories.ts";
import { sweepImages } from "./sweep-images.ts";

export interface ImageCollectorOptions {
  readonly content: DiskImageStore;
  /** Where the store is, and the folder of all repositories. */
  readonly images: string;
  readonly repositories: string;
  readonly logger: Logger;
  readonly swept?: Swept | undefined;
  /** Default: a day. */
  readonly graceMs?: number;
}

/** Longer than any push or build takes, and long enough for an operator to see what went wrong. */
const GRACE_MS = 24 * 60 * 60 * 1000;

/** Collects the images of a store on this disk. */
export function startImageCollector(options: ImageCollectorOptions): ImageCollection & Running {
  const { content, images, repositories, logger, swept, graceMs = GRACE_MS } = options;
  return startCollector({
    ...{ content, logger, swept, records: openDiskRepositories(repositories) },
    sweep: (known, signal) => sweepImages({ content, images, repositories, known, graceMs, signal }),
  });
}
