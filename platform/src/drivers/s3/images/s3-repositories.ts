import { isDigest, type OciDescriptor } from "../../../delivery/image/index.ts";
import {
  type HeldManifest,
  parseRepository,
  type Repository,
  type RepositoryManagement,
  type RepositoryRecords,
} from "../../../delivery/registry/index.ts";
import type { S3Bucket } from "../client/index.ts";
import { REPOSITORIES, repositoryKeys } from "./image-keys.ts";
import type { SlotEntry } from "./slot-entries.ts";
import type { RenewEntry, Slots } from "./slots.ts";

/** So many small objects are read at a time. */
const AT_ONCE = 16;
/** Records under a key of a slot never change. */
const MOST_RECORDS = 5_000;

const NOTHING = Buffer.alloc(0);

/**
 * What repositories hold, as small objects: `repositories/<space>/<name>/` with
 * - `blobs/<hex>/`, a slot of empty entries: the repository holds this blob;
 * - `manifests/<hex>/`, a slot of its records;
 * - `tags/<tag>`: the digest it names;
 * - `referrers/<hex of the subject>/<hex>`: the descriptor of a manifest about the subject.
 * Each object appears whole, so any number of processes may write; a check is one list of a slot.
 */
export function openS3Repositories(bucket: S3Bucket, slots: Slots): RepositoryRecords & RepositoryManagement {
  const records = makeRecordReader(bucket);
  const holdsBlob = async (repository: Repository, digest: string) =>
    (await vouchMark(bucket, slots, repositoryKeys(repository).blob(digest))) !== undefined;
  const findManifest = async (repository: Repository, reference: string) => {
    const at = repositoryKeys(repository);
    const digest = isDigest(reference) ? reference : await textOf(bucket, at.tag(reference));
    if (digest === undefined || !isDigest(digest)) return undefined;
    const slot = at.manifest(digest);
    const entry = await vouchCopy(bucket, slots, slot);
    return entry && (await records(`${slot}/${entry.name}`));
  };
  return {
    findManifest,
    holdsBlob,
    async holdBlob(repository, digest) {
      const slot = repositoryKeys(repository).blob(digest);
      if (!(await vouchMark(bucket, slots, slot))) await bucket.put(`${slot}/${slots.next().name}`, NOTHING);
    },
    async holdManifest(repository, manifest, tag) {
      const { digest, subject } = manifest;
      const at = repositoryKeys(repository);
      const slot = at.manifest(digest);
      if (!(await vouchCopy(bucket, slots, slot)))
        await bucket.put(`${slot}/${slots.next().name}`, jsonOf(manifest));
      if (subject !== undefined) await bucket.put(at.referrer(subject, digest), encodeReferrer(manifest));
      if (tag !== undefined) await bucket.put(at.tag(tag), Buffer.from(digest));
    },
    async tags(repository) {
      const at = repositoryKeys(repository);
      const tags: string[] = [];
      for await (const { key } of bucket.list(at.tags)) tags.push(key.slice(at.tags.length));
      if (tags.length > 0) return tags;
      for await (const _held of bucket.list(at.root)) return [];
      return undefined;
    },
    async referrers(repository, subject) {
      const found: OciDescriptor[] = [];
      for await (const text of textsUnder(bucket, repositoryKeys(repository).referrers(subject)))
        found.push(JSON.parse(text) as OciDescriptor);
      return found;
    },
    ...management(bucket, slots, { findManifest, records }),
  };
}

type FindRecord = (key: string) => Promise<HeldManifest | undefined>;

function management(
  bucket: S3Bucket,
  slots: Slots,
  { findManifest, records }: { findManifest: RepositoryRecords["findManifest"]; records: FindRecord },
): RepositoryManagement {
  return {
    async dropTag(repository, tag) {
      const key = repositoryKeys(repository).tag(tag);
      const there = (await bucket.get(key)) !== undefined;
      await bucket.remove(key);
      return there;
    },
    async dropManifest(repository, digest) {
      const at = repositoryKeys(repository);
      const subject = (await findManifest(repository, digest))?.subject;
      for await (const { key } of bucket.list(at.tags))
        if ((await textOf(bucket, key)) === digest) await bucket.remove(key);
      if (subject !== undefined) await bucket.remove(at.referrer(subject, digest));
      return await slots.clear(at.manifest(digest));
    },
    dropBlob: (repository, digest) => slots.clear(repositoryKeys(repository).blob(digest)),
    async *manifests(repository) {
      for await (const keys of batches(entriesUnder(bucket, repositoryKeys(repository).manifests))) {
        const found = await Promise.all(keys.map(({ key }) => records(key)));
        yield* found.filter((one) => one !== undefined);
      }
    },
    async *blobs(repository) {
      for await (const { hex } of entriesUnder(bucket, repositoryKeys(repository).blobs))
        yield `sha256:${hex}`;
    },
    repositories: (space) => repositoriesOf(bucket, space),
  };
}

/** The repositories of a space, by the folders that their keys make. */
export async function* repositoriesOf(
  bucket: Pick<S3Bucket, "folders">,
  space: string,
): AsyncGenerator<Repository> {
  if (!parseRepository(`${space}/x`)) return;
  for await (const name of bucket.folders(`${REPOSITORIES}${space}/`)) {
    const repository = parseRepository(`${space}/${name}`);
    if (repository) yield repository;
  }
}

/** Entries that say no more than that they are there. */
function vouchMark(bucket: S3Bucket, slots: Slots, slot: string): Promise<SlotEntry | undefined> {
  return slots.vouch(slot, async (_old, name) => {
    await bucket.put(`${slot}/${name}`, NOTHING);
    return true;
  });
}

function vouchCopy(bucket: S3Bucket, slots: Slots, slot: string): Promise<SlotEntry | undefined> {
  const renew: RenewEntry = async (old, name) => {
    const held = await bucket.get(`${slot}/${old.name}`);
    if (held) await bucket.put(`${slot}/${name}`, held.content);
    return held !== undefined;
  };
  return slots.vouch(slot, renew);
}

function makeRecordReader(bucket: S3Bucket): FindRecord {
  const known = new Map<string, HeldManifest>();
  return async (key) => {
    const before = known.get(key);
    if (before) return before;
    const text = await textOf(bucket, key);
    if (text === undefined) return undefined;
    const record = JSON.parse(text) as HeldManifest;
    if (known.size >= MOST_RECORDS) known.clear();
    known.set(key, record);
    return record;
  };
}

/** One entry of each slot, by a key in it. */
async function* entriesUnder(bucket: S3Bucket, prefix: string): AsyncGenerator<{ hex: string; key: string }> {
  let last = "";
  for await (const { key } of bucket.list(prefix)) {
    const [hex = "", name = ""] = key.slice(prefix.length).split("/");
    if (hex === last || name.includes(".")) continue;
    last = hex;
    yield { hex, key };
  }
}

async function* textsUnder(bucket: S3Bucket, prefix: string): AsyncGenerator<string> {
  for await (const keys of batches(bucket.list(prefix))) {
    const texts = await Promise.all(keys.map(({ key }) => textOf(bucket, key)));
    yield* texts.filter((text) => text !== undefined);
  }
}

async function* batches<T>(items: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function textOf(bucket: S3Bucket, key: string): Promise<string | undefined> {
  return (await bucket.get(key))?.content.toString();
}

function jsonOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** What a list of referrers shows. */
export function encodeReferrer(manifest: HeldManifest): Buffer {
  const { mediaType, digest, sizeBytes, artifactType, annotations } = manifest;
  const descriptor: OciDescriptor = {
    ...{ mediaType, digest, size: sizeBytes },
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  return jsonOf(descriptor);
}
