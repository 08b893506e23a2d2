import { isDigest } from "../../../delivery/image/index.ts";
import {
  keepReferrers,
  keepTree,
  type LinkReader,
  MOST_REMOVED,
  nothingStays,
  type Repository,
  type Staying,
  type SweepReport,
} from "../../../delivery/registry/index.ts";
import type { Clock } from "../../../kernel/index.ts";
import type { S3Bucket } from "../client/index.ts";
import { BLOBS, DATA, dataKey, REPOSITORIES, UPLOADS } from "./image-keys.ts";
import { type S3Content, sizeOfEntry } from "./s3-image-store.ts";
import { repositoriesOf } from "./s3-repositories.ts";
import type { SlotEntry } from "./slot-entries.ts";
import { type BucketSweep, sweepBucketRepository } from "./sweep-bucket-repository.ts";
import { type SweepLease, takeSweepLease } from "./sweep-lease.ts";
import { isSlotDue, keepSlot, markSlot, removeEntry, type SweptSlot, slotsUnder } from "./sweep-slots.ts";

export interface BucketSweepOptions {
  readonly bucket: S3Bucket;
  readonly content: S3Content;
  readonly links: LinkReader;
  readonly now: Clock;
  /** Digests of the images that the platform's record knows. */
  readonly known: readonly string[];
  /** What is new, or has been out of reach, for less than this stays. */
  readonly graceMs: number;
  /** Blobs that one sweep removes; the next one goes on. */
  readonly mostRemoved?: number;
  /** Ends the sweep after what is being removed. */
  readonly signal?: AbortSignal;
}

/**
 * Removes what nothing reaches: from repositories first, then from the store. It may be killed at any moment: what is
 * within reach is there, and the next sweep goes on. Undefined while another sweep is under way. Throws the signal's reason,
 * and when a document that others depend on cannot be read; no blob is removed then.
 */
export async function sweepBucket(options: BucketSweepOptions): Promise<SweepReport | undefined> {
  const { bucket, now, known, signal } = options;
  const lease = await takeSweepLease(bucket, now);
  if (!lease) return undefined;
  try {
    return await sweep({ ...options, known: new Set(known), ...start(options, lease, signal) });
  } finally {
    await lease.release();
  }
}

function start({ now }: BucketSweepOptions, lease: SweepLease, signal: AbortSignal | undefined) {
  return {
    beganMs: now().getTime(),
    goOn: async () => {
      signal?.throwIfAborted();
      await lease.beat();
    },
  };
}

type Sweeping = Omit<BucketSweepOptions, "known"> & BucketSweep;

async function sweep(sweeping: Sweeping): Promise<SweepReport> {
  const { bucket, content, known } = sweeping;
  const stays = nothingStays();
  let [manifests, waiting] = [0, 0];
  for await (const repository of repositoriesIn(bucket)) {
    const swept = await sweepBucketRepository(sweeping, repository);
    for (const digest of swept.kept) stays.kept.add(digest);
    for (const digest of swept.reached) stays.reached.add(digest);
    manifests += swept.removed;
    waiting += swept.waiting;
  }
  for (const digest of [...known, ...(await content.named())]) await keepTree(sweeping, digest, stays);
  const orphans = await findOrphans(sweeping);
  const found = await sweepContent(sweeping, stays, orphans);
  await keepReferrers(sweeping, found.going.keys(), stays);
  const going = [...found.going].flatMap(([digest, slot]) => (stays.kept.has(digest) ? [] : [slot]));
  return { manifests, waiting: waiting + found.waiting, ...(await removeBlobs(sweeping, going, orphans)) };
}

async function removeBlobs(
  sweeping: Sweeping,
  going: readonly SweptSlot[],
  orphans: ReadonlySet<string>,
): Promise<Pick<SweepReport, "blobs" | "freedBytes" | "more">> {
  const { bucket, goOn, mostRemoved = MOST_REMOVED } = sweeping;
  let [blobs, freedBytes] = [0, 0];
  for (const { slot, entries } of going) {
    if (blobs === mostRemoved) return { blobs, freedBytes, more: true };
    await goOn();
    for (const entry of entries) {
      await removeContent(sweeping, slot, entry);
      freedBytes += sizeOfEntry(entry);
    }
    blobs += 1;
  }
  for (const key of orphans) {
    await goOn();
    await bucket.remove(key);
  }
  return { blobs, freedBytes, more: false };
}

/** The bytes go when nobody finds them any more. */
async function removeContent(sweeping: Sweeping, slot: string, entry: SlotEntry): Promise<void> {
  const { bucket } = sweeping;
  const { name, id } = entry;
  await bucket.remove(`${slot}/${name}`);
  await bucket.remove(dataKey(id));
  await removeEntry(sweeping, slot, entry);
}

/** Bytes of yesterday or before that belong to no upload, and as far as is known yet to no blob: their keys. */
async function findOrphans({ bucket, beganMs, graceMs }: Sweeping): Promise<Set<string>> {
  const orphans = new Set<string>();
  for await (const { key, modifiedMs } of bucket.list(DATA))
    if (modifiedMs < beganMs - graceMs) orphans.add(key);
  // An upload that ends now has become a blob before it is no upload any more, and blobs are looked at afterwards.
  for await (const { key } of bucket.list(UPLOADS))
    orphans.delete(dataKey(key.slice(key.lastIndexOf(",") + 1)));
  return orphans;
}

/** Notes of each blob whether something reaches it; those that nothing keeps and whose time of grace is over are returned. */
async function sweepContent(
  sweeping: Sweeping,
  { kept, reached }: Staying,
  orphans: Set<string>,
): Promise<{ going: Map<string, SweptSlot>; waiting: number }> {
  const { bucket, beganMs, graceMs, goOn } = sweeping;
  const going = new Map<string, SweptSlot>();
  let waiting = 0;
  for await (const [digest, slot] of slotsUnder(bucket, BLOBS)) {
    await goOn();
    for (const { id } of slot.entries) orphans.delete(dataKey(id));
    if (!isDigest(digest)) continue;
    if (reached.has(digest))
      await keepSlot(slot, sweeping, (entry) => removeContent(sweeping, slot.slot, entry));
    else if (slot.createdMs < beganMs - graceMs) {
      const isGoing = isSlotDue(slot, sweeping) && !kept.has(digest);
      if (isGoing) going.set(digest, slot);
      else {
        await markSlot(slot, sweeping);
        waiting += 1;
      }
    }
  }
  return { going, waiting };
}

async function* repositoriesIn(bucket: S3Bucket): AsyncGenerator<Repository> {
  for await (const space of bucket.folders(REPOSITORIES)) yield* repositoriesOf(bucket, space);
}
