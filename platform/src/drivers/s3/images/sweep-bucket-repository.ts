import { isDigest } from "../../../delivery/image/index.ts";
import {
  type CollectedManifest,
  type HeldManifest,
  isStatementTag,
  type LinkReader,
  PLATFORM_SPACE,
  planRepository,
  type Repository,
  type RepositoryFacts,
} from "../../../delivery/registry/index.ts";
import { repositoryKeys } from "./image-keys.ts";
import { encodeReferrer } from "./s3-repositories.ts";
import { readEntries } from "./slot-entries.ts";
import {
  isSlotDue,
  keepSlot,
  markSlot,
  removeEntry,
  type SlotSweep,
  type SweptSlot,
  slotsUnder,
} from "./sweep-slots.ts";

/** What one sweep knows while it is under way. */
export interface BucketSweep extends SlotSweep {
  readonly known: ReadonlySet<string>;
  readonly links: LinkReader;
}

export interface SweptRepository {
  /** What it holds or names, and what of that something reaches. */
  readonly kept: ReadonlySet<string>;
  readonly reached: ReadonlySet<string>;
  /** Manifests that it has lost. */
  readonly removed: number;
  /** What is out of reach, and not yet for long enough. */
  readonly waiting: number;
}

interface Read {
  readonly facts: RepositoryFacts;
  readonly held: ReadonlyMap<string, HeldManifest>;
  readonly manifests: ReadonlyMap<string, SweptSlot>;
  readonly blobs: ReadonlyMap<string, SweptSlot>;
  /** Tags of statements about an image, with what they name: they go with it. */
  readonly statementTags: ReadonlyMap<string, string>;
}

/** Removes from a repository what nothing reaches, and returns what it keeps. */
export async function sweepBucketRepository(
  sweep: BucketSweep,
  repository: Repository,
): Promise<SweptRepository> {
  const { bucket, known, beganMs, graceMs, goOn } = sweep;
  const at = repositoryKeys(repository);
  const read = await readFacts(sweep, repository);
  const slotsOf = (digest: string) =>
    [read.manifests.get(digest), read.blobs.get(digest)].filter((slot) => slot !== undefined);
  const plan = planRepository(read.facts, {
    known: (digest) => known.has(digest),
    keepsAll: repository.space === PLATFORM_SPACE,
    cutMs: beganMs - graceMs,
    due: (digest) => slotsOf(digest).every((slot) => isSlotDue(slot, sweep)),
  });
  const gone = new Set(plan.manifests);
  for (const digest of plan.manifests) {
    await removeSlot(sweep, read.manifests.get(digest));
    const record = read.held.get(digest);
    if (record?.subject === undefined) continue;
    const key = at.referrer(record.subject, digest);
    await bucket.remove(key);
    if (await isHeldAgain(sweep, at.manifest(digest))) await bucket.put(key, encodeReferrer(record));
  }
  for (const [tag, digest] of read.statementTags) {
    if (!gone.has(digest) && read.manifests.has(digest)) continue;
    const key = at.tag(tag);
    // It may name another statement by now.
    if ((await bucket.get(key))?.content.toString() !== digest) continue;
    await bucket.remove(key);
    if (isDigest(digest) && (await isHeldAgain(sweep, at.manifest(digest))))
      await bucket.put(key, Buffer.from(digest), "absent");
  }
  for (const digest of plan.blobs) {
    gone.add(digest);
    await removeSlot(sweep, read.blobs.get(digest));
  }
  let waiting = 0;
  for (const [digest, slot] of [...read.manifests, ...read.blobs]) {
    if (gone.has(digest)) continue;
    await goOn();
    if (plan.reached.has(digest))
      await keepSlot(slot, sweep, (entry) => removeEntry(sweep, slot.slot, entry));
    else await markSlot(slot, sweep);
    if (!plan.reached.has(digest)) waiting += 1;
  }
  return { kept: plan.kept, reached: plan.reached, removed: plan.manifests.length, waiting };
}

async function removeSlot(sweep: SlotSweep, slot: SweptSlot | undefined): Promise<void> {
  for (const entry of slot?.entries ?? []) {
    await sweep.goOn();
    await removeEntry(sweep, slot?.slot ?? "", entry);
  }
}

/**
 * Whether a manifest came back while it was removed. It is there before it is listed and tagged: who looks after a removal of
 * these sees whether they are to be put back.
 */
async function isHeldAgain({ bucket }: SlotSweep, slot: string): Promise<boolean> {
  for await (const { key } of bucket.list(`${slot}/`))
    if (readEntries([key.slice(slot.length + 1)]).length > 0) return true;
  return false;
}

async function readFacts(sweep: BucketSweep, repository: Repository): Promise<Read> {
  const { bucket, links, goOn } = sweep;
  const at = repositoryKeys(repository);
  const slots = new Map<string, SweptSlot>();
  const held = new Map<string, HeldManifest>();
  const manifests = new Map<string, CollectedManifest>();
  for await (const [digest, slot] of slotsUnder(bucket, at.manifests)) {
    await goOn();
    const record = await readRecord(sweep, slot);
    if (!record) continue;
    slots.set(digest, slot);
    held.set(digest, record);
    const { names } = await links.of(digest, record.mediaType);
    manifests.set(digest, {
      ...{ names, touchedMs: slot.createdMs },
      ...(record.subject === undefined ? {} : { subject: record.subject }),
    });
  }
  const blobs = new Map<string, SweptSlot>();
  for await (const [digest, slot] of slotsUnder(bucket, at.blobs)) blobs.set(digest, slot);
  const tagged = new Set<string>();
  const statementTags = new Map<string, string>();
  for await (const { key } of bucket.list(at.tags)) {
    await goOn();
    const digest = (await bucket.get(key))?.content.toString();
    if (digest === undefined) continue;
    const tag = key.slice(at.tags.length);
    if (isStatementTag(tag, held.get(digest)?.subject, held.has(digest))) statementTags.set(tag, digest);
    else tagged.add(digest);
  }
  const touched = new Map([...blobs].map(([digest, { createdMs }]) => [digest, createdMs]));
  return { facts: { tagged, manifests, blobs: touched }, held, manifests: slots, blobs, statementTags };
}

async function readRecord(
  { bucket }: BucketSweep,
  { slot, entries }: SweptSlot,
): Promise<HeldManifest | undefined> {
  for (const { name } of entries) {
    const found = await bucket.get(`${slot}/${name}`);
    if (found) return JSON.parse(found.content.toString()) as HeldManifest;
  }
  return undefined;
}
