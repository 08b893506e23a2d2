import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { S3Bucket } from "./s3-bucket.ts";

const PART = 5 * 1024 * 1024;

/** What every S3Bucket must do. `make` gives an empty one. */
export function s3BucketSuite(
  name: string,
  make: () => Promise<{ bucket: S3Bucket; dispose: () => Promise<void> }>,
): void {
  describe(`S3Bucket: ${name}`, () => {
    let made: Awaited<ReturnType<typeof make>>;
    beforeEach(async () => {
      made = await make();
    });
    afterEach(() => made.dispose());
    objectTests(() => made.bucket);
    listTests(() => made.bucket);
    partTests(() => made.bucket);
  });
}

function objectTests(bucket: () => S3Bucket): void {
  it("gives back what was written, replaces and removes it", async () => {
    expect(await bucket().get("a/b")).toBeUndefined();
    const first = await bucket().put("a/b", Buffer.from("one"));
    const second = await bucket().put("a/b", Buffer.from([0, 255, 10]));
    expect(second).not.toBe(first);
    expect(await bucket().get("a/b")).toEqual({ content: Buffer.from([0, 255, 10]), etag: second });
    await bucket().remove("a/b");
    await bucket().remove("a/b");
    expect(await bucket().get("a/b")).toBeUndefined();
  });

  it("writes under a condition, and says when it is not met", async () => {
    const first = await bucket().put("k", Buffer.from("1"), "absent");
    expect(first).toBeDefined();
    expect(await bucket().put("k", Buffer.from("2"), "absent")).toBeUndefined();
    const second = await bucket().put("k", Buffer.from("3"), { etag: first ?? "" });
    expect(second).toBeDefined();
    expect(await bucket().put("k", Buffer.from("4"), { etag: first ?? "" })).toBeUndefined();
    expect((await bucket().get("k"))?.content.toString()).toBe("3");
    expect(await bucket().put("none", Buffer.from("5"), { etag: first ?? "" })).toBeUndefined();
  });

  it("reads parts of large content, and nothing of what is not there", async () => {
    const content = randomBytes(300_000);
    await bucket().put("large", content);
    const read = async (range?: { start: number; end: number }) => {
      const stream = await bucket().read("large", content.length, range);
      return stream && (await buffer(stream));
    };
    expect((await read())?.equals(content)).toBe(true);
    expect((await read({ start: 7, end: 99_999 }))?.equals(content.subarray(7, 100_000))).toBe(true);
    expect(await bucket().read("none", 5)).toBeUndefined();
    await bucket().put("empty", Buffer.alloc(0));
    expect(await buffer((await bucket().read("empty", 0)) ?? Readable.from([]))).toHaveLength(0);
  });

  it("takes keys with whatever characters ours have", async () => {
    for (const key of ["uploads/team,app,1", "tags/_V1.0-x", "names/YTpsYXRlc3Q", "data/a b+c&d'(e)!*~=é"]) {
      await bucket().put(key, Buffer.from(key));
      expect((await bucket().get(key))?.content.toString()).toBe(key);
      expect(await keysUnder(bucket(), key)).toEqual([key]);
    }
  });
}

function listTests(bucket: () => S3Bucket): void {
  it("lists what begins with a prefix in order, over as many pages as it takes", async () => {
    const keys = Array.from({ length: 1_100 }, (_, n) => `many/${String(n).padStart(5, "0")}`);
    for (let at = 0; at < keys.length; at += 50)
      await Promise.all(keys.slice(at, at + 50).map((key) => bucket().put(key, Buffer.from("x"))));
    await bucket().put("man", Buffer.from("x"));
    expect(await keysUnder(bucket(), "many/")).toEqual(keys);
    expect(await keysUnder(bucket(), "many/0000")).toEqual(keys.slice(0, 10));
    expect(await keysUnder(bucket(), "none/")).toEqual([]);
    for await (const { size, modifiedMs } of bucket().list("man")) {
      expect(size).toBe(1);
      expect(Math.abs(Date.now() - modifiedMs)).toBeLessThan(120_000);
    }
  });

  it("lists folders, each once", async () => {
    for (const key of ["r/team/app/tags/v1", "r/team/app2/x", "r/team2/app/x", "r/file"])
      await bucket().put(key, Buffer.from("x"));
    const folders = async (prefix: string) => {
      const found: string[] = [];
      for await (const one of bucket().folders(prefix)) found.push(one);
      return found;
    };
    expect(await folders("r/")).toEqual(["team", "team2"]);
    expect(await folders("r/team/")).toEqual(["app", "app2"]);
    expect(await folders("none/")).toEqual([]);
  });
}

function partTests(bucket: () => S3Bucket): void {
  it("makes an object of parts, which appears when it is complete", async () => {
    const content = randomBytes(PART + 1_000);
    const upload = await bucket().beginParts("parts");
    expect(await bucket().parts(upload)).toEqual([]);
    const first = await bucket().putPart(upload, 1, content.subarray(0, PART));
    const last = await bucket().putPart(upload, 2, content.subarray(PART));
    expect(await bucket().parts(upload)).toEqual([
      { number: 1, size: PART, etag: first },
      { number: 2, size: 1_000, etag: last },
    ]);
    expect(await keysUnder(bucket(), "parts")).toEqual([]);
    await bucket().completeParts(upload, [
      { number: 1, etag: first },
      { number: 2, etag: last },
    ]);
    const stream = await bucket().read("parts", content.length);
    expect((await buffer(stream ?? Readable.from([]))).equals(content)).toBe(true);
    expect(await bucket().parts(upload)).toBeUndefined();
  });

  it("gives parts up, and refuses those that were replaced", async () => {
    const upload = await bucket().beginParts("given-up");
    const etag = await bucket().putPart(upload, 1, Buffer.from("one"));
    await bucket().putPart(upload, 1, Buffer.from("another"));
    await expect(bucket().completeParts(upload, [{ number: 1, etag }])).rejects.toThrow();
    await bucket().abortParts(upload);
    expect(await bucket().parts(upload)).toBeUndefined();
    expect(await keysUnder(bucket(), "given-up")).toEqual([]);
  });

  it("copies, and says when there is nothing to copy", async () => {
    await bucket().put("from", Buffer.from("content"));
    expect(await bucket().copy("from", "to", 7)).toBe(true);
    expect((await bucket().get("to"))?.content.toString()).toBe("content");
    expect(await bucket().copy("none", "nowhere", 7)).toBe(false);
  });
}

async function keysUnder(bucket: S3Bucket, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of bucket.list(prefix)) keys.push(key);
  return keys;
}
