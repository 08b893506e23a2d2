import type { ImageCollection } from "../../../delivery/image/index.ts";
import {
  makeLinkReader,
  type RepositoryManagement,
  type RepositoryRecords,
  type Swept,
  startCollector,
} from "../../../delivery/registry/index.ts";
import type { Clock, Logger, Running } from "../../../kernel/index.ts";
import type { S3Bucket } from "../client/index.ts";
import type { S3Content } from "./s3-image-store.ts";
import { sweepBucket } from "./sweep-bucket.ts";

export interface S3ImageCollectorOptions {
  readonly bucket: S3Bucket;
  readonly content: S3Content;
  readonly records: RepositoryRecords & RepositoryManagement;
  readonly now: Clock;
  readonly logger: Logger;
  readonly graceMs: number;
  readonly swept?: Swept | undefined;
}

/** Documents whose names a process keeps: reading one again is a request. */
const MOST_KNOWN = 50_000;

/** Collects the images of a bucket. */
export function startS3ImageCollector(options: S3ImageCollectorOptions): ImageCollection & Running {
  const links = makeLinkReader(options.content, MOST_KNOWN);
  return startCollector({
    ...options,
    sweep: (known, signal) => sweepBucket({ ...options, links, known, signal }),
  });
}
