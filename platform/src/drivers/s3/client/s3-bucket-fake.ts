import { createHash, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { S3Bucket } from "./s3-bucket.ts";
import type { S3Part, S3Parts } from "./s3-objects.ts";

/** A bucket in memory that others look into, for tests of what is made of it. */
export interface FakeBucket extends S3Bucket {
  readonly objects: ReadonlyMap<string, Buffer>;
  /** Called before each request; what it throws is what the request throws. */
  before: (what: string, key: string) => Promise<void>;
  /** Requests so far, by what they were. */
  readonly asked: Readonly<Record<string, number>>;
}

const LEAST_PART = 5 * 1024 * 1024;

interface Held {
  readonly content: Buffer;
  readonly modifiedMs: number;
}

interface OpenUpload extends S3Parts {
  readonly initiatedMs: number;
  readonly parts: Map<number, Buffer>;
}

const etagOf = (content: Buffer) => `"${createHash("md5").update(content).digest("hex")}"`;

/** What S3 promises, and no more: each request happens at one moment, some time after it was made. */
export function makeFakeBucket(now: () => number = Date.now): FakeBucket {
  const objects = new Map<string, Held>();
  const open = new Map<string, OpenUpload>();
  const asked: Record<string, number> = {};
  const put = (key: string, content: Buffer) => void objects.set(key, { content, modifiedMs: now() });
  const sorted = (prefix: string) => [...objects.keys()].filter((key) => key.startsWith(prefix)).toSorted();
  const uploadOf = ({ uploadId }: S3Parts) => open.get(uploadId);
  const fake: FakeBucket = {
    before: async () => {},
    asked,
    get objects() {
      return new Map([...objects].map(([key, { content }]) => [key, content]));
    },
    async put(key, content, condition) {
      await request("put", key);
      const held = objects.get(key);
      if (condition === "absent" && held) return undefined;
      if (typeof condition === "object" && (!held || etagOf(held.content) !== condition.etag))
        return undefined;
      put(key, Buffer.from(content));
      return etagOf(content);
    },
    async get(key) {
      await request("get", key);
      const held = objects.get(key);
      return held && { content: held.content, etag: etagOf(held.content) };
    },
    async read(key, size, range = { start: 0, end: size - 1 }) {
      await request("read", key);
      const held = objects.get(key);
      return held && Readable.from([held.content.subarray(range.start, range.end + 1)]);
    },
    async remove(key) {
      await request("remove", key);
      objects.delete(key);
    },
    async *list(prefix) {
      await request("list", prefix);
      for (const key of sorted(prefix)) {
        const held = objects.get(key);
        if (held) yield { key, size: held.content.length, modifiedMs: held.modifiedMs };
      }
    },
    async *folders(prefix) {
      await request("list", prefix);
      const names = sorted(prefix).flatMap((key) => /^([^/]+)\//.exec(key.slice(prefix.length))?.[1] ?? []);
      yield* new Set(names);
    },
    async copy(from, to) {
      await request("copy", from);
      const held = objects.get(from);
      if (held) put(to, held.content);
      return held !== undefined;
    },
    async beginParts(key) {
      await request("beginParts", key);
      const upload = { key, uploadId: randomUUID(), initiatedMs: now(), parts: new Map<number, Buffer>() };
      open.set(upload.uploadId, upload);
      return { key, uploadId: upload.uploadId };
    },
    async putPart(upload, number, content) {
      await request("putPart", upload.key);
      const found = uploadOf(upload);
      if (!found) throw new Error("NoSuchUpload");
      found.parts.set(number, Buffer.from(content));
      return etagOf(content);
    },
    async parts(upload) {
      await request("parts", upload.key);
      const found = uploadOf(upload);
      const all = [...(found?.parts ?? [])].map(([number, content]) => ({
        ...{ number, size: content.length, etag: etagOf(content) },
      }));
      return found && all.toSorted((a, b) => a.number - b.number);
    },
    async completeParts(upload, parts) {
      await request("completeParts", upload.key);
      put(upload.key, joined(uploadOf(upload), parts));
      open.delete(upload.uploadId);
    },
    async abortParts(upload) {
      await request("abortParts", upload.key);
      open.delete(upload.uploadId);
    },
    async *uploads(prefix) {
      await request("uploads", prefix);
      for (const { key, uploadId, initiatedMs } of [...open.values()])
        if (key.startsWith(prefix)) yield { key, uploadId, initiatedMs };
    },
    stop: async () => {},
  };
  const request = async (what: string, key: string) => {
    asked[what] = (asked[what] ?? 0) + 1;
    await fake.before(what, key);
  };
  return fake;
}

function joined(found: OpenUpload | undefined, parts: readonly Pick<S3Part, "number" | "etag">[]): Buffer {
  if (!found) throw new Error("NoSuchUpload");
  const contents = parts.map(({ number, etag }, n) => {
    const content = found.parts.get(number);
    if (!content || etagOf(content) !== etag) throw new Error("InvalidPart");
    if (n < parts.length - 1 && content.length < LEAST_PART) throw new Error("EntityTooSmall");
    return content;
  });
  return Buffer.concat(contents);
}
