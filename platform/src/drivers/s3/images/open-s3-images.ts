import type { ImageCollection } from "../../../delivery/image/index.ts";
import type {
  RepositoryManagement,
  RepositoryRecords,
  Swept,
  UploadStore,
} from "../../../delivery/registry/index.ts";
import type { Clock, Logger, Running } from "../../../kernel/index.ts";
import type { S3Bucket } from "../client/index.ts";
import { startS3ImageCollector } from "./s3-image-collector.ts";
import { openS3ImageStore, type S3Content } from "./s3-image-store.ts";
import { openS3Repositories } from "./s3-repositories.ts";
import { S3Uploads } from "./s3-uploads.ts";
import { makeSlots } from "./slots.ts";

export interface S3ImagesOptions {
  readonly now: Clock;
  /** The largest blob, in bytes. */
  readonly mostBytes: number;
  /** Uploads of one repository at a time. */
  readonly mostUploads: number;
  /** What nothing reaches goes after this time; what somebody was told of is there for half of it. Default: a day. */
  readonly graceMs?: number;
}

/** The registry's stores in a bucket, for any number of processes. */
export interface S3Images {
  readonly content: S3Content;
  readonly records: RepositoryRecords & RepositoryManagement;
  readonly uploads: UploadStore;
  /** Begins nothing by itself: a collection is asked for. */
  collector(logger: Logger, swept?: Swept): ImageCollection & Running;
}

/** Longer than any push or build takes, and long enough for an operator to see what went wrong. */
export const GRACE_MS = 24 * 60 * 60 * 1000;

export function openS3Images(bucket: S3Bucket, options: S3ImagesOptions): S3Images {
  const { now, mostBytes, mostUploads, graceMs = GRACE_MS } = options;
  const slots = makeSlots(bucket, { now, graceMs });
  const content = openS3ImageStore({ bucket, slots, now });
  const records = openS3Repositories(bucket, slots);
  return {
    ...{ content, records },
    collector: (logger, swept) =>
      startS3ImageCollector({ bucket, content, records, now, logger, graceMs, swept }),
    uploads: new S3Uploads({ bucket, content, now, mostBytes, mostUploads }),
  };
}
