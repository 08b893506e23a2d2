import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { digestOf, type ImageStore, isDigest, vouchForTree } from "../../../delivery/image/index.ts";
import type { ByteRange, ServedContent } from "../../../delivery/registry/index.ts";
import { BusinessError, newId, notFound } from "../../../kernel/index.ts";
import { isFull, type S3Bucket } from "../client/index.ts";
import { BLOBS, blobSlot, dataKey, NAMES } from "./image-keys.ts";
import { PartWriter } from "./part-writer.ts";
import { entryName, readEntries, type SlotEntry } from "./slot-entries.ts";
import type { RenewEntry, Slots } from "./slots.ts";

/** What uploads and the sweep need of the content beside its port. */
export interface S3Content extends Omit<ImageStore, "read">, ServedContent {
  /** Has bytes that lie under `data/<id>` be this blob. */
  adopt(id: string, blob: { readonly digest: string; readonly sizeBytes: number }): Promise<void>;
  /** The digests of all that has a name. */
  named(): Promise<readonly string[]>;
  /** Forgets all names `<app id>:<tag>`. What they named stays until it is collected. */
  forget(appId: string): Promise<void>;
}

export interface S3ContentOptions {
  readonly bucket: S3Bucket;
  readonly slots: Slots;
  readonly now: () => Date;
}

/** So many places of blobs are remembered. Bytes under an id never change. */
const MOST_PLACES = 20_000;

/**
 * An ImageStore in a bucket. Bytes lie under `data/<id>`, where they come before anybody knows their digest; a blob appears
 * with an empty object in its slot, whose name tells the id and the size. So content is never copied, and nothing is there
 * under a digest that it has not. Any number of processes may write.
 */
export function openS3ImageStore({ bucket, slots, now }: S3ContentOptions): S3Content {
  const places = new Map<string, SlotEntry>();
  const remember = (digest: string, entry: SlotEntry) => {
    if (places.size >= MOST_PLACES) places.clear();
    places.set(digest, entry);
    return entry;
  };
  const adopt: S3Content["adopt"] = async (id, { digest, sizeBytes }) => {
    const name = entryName(now().getTime(), id, sizeText(sizeBytes));
    await bucket.put(`${blobSlot(digest)}/${name}`, Buffer.alloc(0));
  };
  const renew =
    (digest: string): RenewEntry =>
    async (old, name, id) => {
      if (!(await bucket.copy(dataKey(old.id), dataKey(id), sizeOfEntry(old)))) return false;
      await bucket.put(`${blobSlot(digest)}/${name}`, Buffer.alloc(0));
      return true;
    };
  const vouch = async (digest: string) => {
    const found = await slots.vouch(blobSlot(digest), renew(digest));
    return found && remember(digest, found);
  };
  const find = async (digest: string) => {
    const [found] = await slots.all(blobSlot(digest));
    return found && remember(digest, found);
  };
  const open = (entry: SlotEntry, range?: ByteRange) =>
    bucket.read(dataKey(entry.id), sizeOfEntry(entry), range);
  const read = async (digest: string, range?: ByteRange) => {
    const known = places.get(digest);
    const stream = known && (await open(known, range));
    if (stream) return stream;
    for (const entry of await slots.all(blobSlot(digest))) {
      const found = await open(entry, range);
      if (!found) continue;
      remember(digest, entry);
      return found;
    }
    throw notFound("image");
  };
  const has = async (digest: string) => (await vouch(digest)) !== undefined;
  const sizeOf = async (digest: string) => sizeIfThere(await vouch(digest));
  return {
    has,
    adopt,
    read,
    sizeOf,
    weigh: async (digest) => sizeIfThere(await find(digest)) ?? 0,
    write: (content, expected) => writeContent({ bucket, has, adopt }, content, expected),
    async tag(name, digest) {
      if (!(await vouchForTree(digest, { sizeOf, read }))) throw notFound("image");
      await bucket.put(nameKey(name), Buffer.from(digest));
    },
    async remove(digest) {
      const entries = await slots.all(blobSlot(digest));
      await slots.clear(blobSlot(digest));
      for (const { id } of entries) await bucket.remove(dataKey(id));
      places.delete(digest);
      for await (const { key } of bucket.list(NAMES))
        if ((await textOf(bucket, key)) === digest) await bucket.remove(key);
    },
    async named() {
      const digests: string[] = [];
      for await (const { key } of bucket.list(NAMES)) {
        const digest = await textOf(bucket, key);
        if (isDigest(digest)) digests.push(digest);
      }
      return digests;
    },
    async forget(appId) {
      for await (const { key } of bucket.list(NAMES))
        if (nameOf(key).startsWith(`${appId}:`)) await bucket.remove(key);
    },
    list: () => listBlobs(bucket),
  };
}

interface Writing {
  readonly bucket: S3Bucket;
  readonly has: (digest: string) => Promise<boolean>;
  readonly adopt: S3Content["adopt"];
}

/** What is there needs no second copy, only the proof that the caller has it. */
async function writeContent(
  { bucket, has, adopt }: Writing,
  content: Readable | Buffer,
  expected: string | undefined,
): Promise<{ digest: string; sizeBytes: number }> {
  const known = expected ?? (Buffer.isBuffer(content) ? digestOf(content) : undefined);
  const there = known !== undefined && (await has(known));
  const id = newId();
  const writer = there ? undefined : new PartWriter(bucket, dataKey(id));
  const hash = createHash("sha256");
  let sizeBytes = 0;
  try {
    for await (const chunk of (Buffer.isBuffer(content) ? [content] : content) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      await writer?.write(chunk);
    }
    const digest = `sha256:${hash.digest("hex")}`;
    requireDigest(digest, expected);
    if (writer) {
      await writer.complete();
      await adopt(id, { digest, sizeBytes });
    }
    return { digest, sizeBytes };
  } catch (thrown) {
    // What cannot be taken back now is removed by a sweep.
    await writer?.abort().catch(() => {});
    throw storeRefusal(thrown);
  }
}

export function requireDigest(digest: string, expected: string | undefined): void {
  if (expected !== undefined && expected !== digest)
    throw new BusinessError("invalid_params", `the content's digest is ${digest}, not ${expected}`);
}

/** A store without room is told as a disk without room is. */
export function storeRefusal(thrown: unknown): unknown {
  if (!isFull(thrown)) return thrown;
  return new BusinessError("unavailable", "the registry's store has no room left; nothing more is taken");
}

function sizeText(sizeBytes: number): string {
  return sizeBytes.toString(36);
}

export function sizeOfEntry({ more }: SlotEntry): number {
  return Number.parseInt(more, 36);
}

function sizeIfThere(entry: SlotEntry | undefined): number | undefined {
  return entry && sizeOfEntry(entry);
}

async function* listBlobs(bucket: S3Bucket): AsyncGenerator<{ digest: string; sizeBytes: number }> {
  let last = "";
  for await (const { key } of bucket.list(BLOBS)) {
    const [hex = "", name = ""] = key.slice(BLOBS.length).split("/");
    const [entry] = readEntries([name]);
    if (!entry || hex === last) continue;
    last = hex;
    yield { digest: `sha256:${hex}`, sizeBytes: sizeOfEntry(entry) };
  }
}

/** Names hold what keys should not. */
const nameKey = (name: string) => `${NAMES}${Buffer.from(name).toString("base64url")}`;
const nameOf = (key: string) => Buffer.from(key.slice(NAMES.length), "base64url").toString();

async function textOf(bucket: S3Bucket, key: string): Promise<string> {
  return (await bucket.get(key))?.content.toString() ?? "";
}
