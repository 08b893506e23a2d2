import type { CollectedStores } from "../../../delivery/registry/collection-world-fixtures.ts";
import { makeLinkReader } from "../../../delivery/registry/index.ts";
import type { S3Bucket } from "../client/s3-bucket.ts";
import { type FakeBucket, makeFakeBucket } from "../client/s3-bucket-fake.ts";
import { BLOBS, DATA, REPOSITORIES } from "./image-keys.ts";
import { openS3Images, type S3Images } from "./open-s3-images.ts";
import { sweepBucket } from "./sweep-bucket.ts";

export const GRACE_MS = 24 * 60 * 60 * 1000;

export interface SweptBucket
  extends S3Images,
    Pick<CollectedStores, "sweep" | "age" | "forget" | "leftovers" | "dispose"> {
  readonly bucket: FakeBucket;
  now(): Date;
}

/** Stores in a bucket in memory, whose time is the test's. */
export function openSweptBucket(): SweptBucket {
  let aheadMs = 0;
  const now = () => new Date(Date.now() + aheadMs);
  const bucket = makeFakeBucket(() => now().getTime());
  const images = openS3Images(bucket, { now, mostBytes: 1e7, mostUploads: 100, graceMs: GRACE_MS });
  const { content } = images;
  return {
    ...images,
    ...{ bucket, now },
    age: (share = 1) => {
      aheadMs += share * GRACE_MS + 60_000;
    },
    sweep: (known, rest) =>
      sweepBucket({
        ...{ bucket: slowly(bucket, rest), content, links: makeLinkReader(content, 50_000), now, known },
        graceMs: GRACE_MS,
      }),
    forget: (app) => content.forget(app),
    leftovers: () =>
      [...bucket.objects.keys()].filter((key) =>
        [BLOBS, DATA, REPOSITORIES].some((one) => key.startsWith(one)),
      ),
    dispose: async () => {},
  };
}

/** The same bucket for somebody who rests before each request. */
export function slowly(bucket: S3Bucket, rest: () => Promise<void>): S3Bucket {
  const restFirst = async <T>(work: () => Promise<T>): Promise<T> => {
    await rest();
    return await work();
  };
  return {
    ...bucket,
    put: (...args) => restFirst(() => bucket.put(...args)),
    get: (...args) => restFirst(() => bucket.get(...args)),
    remove: (...args) => restFirst(() => bucket.remove(...args)),
    async *list(prefix) {
      await rest();
      yield* bucket.list(prefix);
    },
  };
}
