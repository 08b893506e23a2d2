import type { S3Bucket } from "../client/index.ts";

const PROBE = "conditional-writes-probe";

export interface BucketFacts {
  /**
   * Whether the store writes under conditions, by which one of several processes gets the right to sweep. Without it the
   * bucket is for one process.
   */
  readonly conditionalWrites: boolean;
}

/** Writes, reads, lists and removes in the bucket, and so finds what is wrong with how it is set up. Throws S3RequestError. */
export async function checkBucket(bucket: S3Bucket): Promise<BucketFacts> {
  await bucket.put(PROBE, Buffer.from("written to see whether it can be"));
  const again = await bucket.put(PROBE, Buffer.from("written although it is there"), "absent");
  await bucket.get(PROBE);
  for await (const _one of bucket.list(PROBE)) break;
  await bucket.remove(PROBE);
  return { conditionalWrites: again === undefined };
}
