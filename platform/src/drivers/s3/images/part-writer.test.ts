import { beforeEach, expect, it } from "vitest";
import { type FakeBucket, makeFakeBucket } from "../client/s3-bucket-fake.ts";
import { PART_BYTES, PartWriter } from "./part-writer.ts";

const KEY = "data/x";
let bucket: FakeBucket;
/** Content whose places can be told apart. */
const bytes = (length: number, seed = 0) => Buffer.alloc(length, Buffer.from([seed, 1, 2, 3, 5, 7, 11]));
const content = () => bucket.objects.get(KEY) ?? expect.unreachable();

beforeEach(() => {
  bucket = makeFakeBucket();
});

it.each([
  ["nothing", [], 0],
  ["an empty chunk", [0], 0],
  ["less than a part", [3, PART_BYTES - 4], 0],
  ["a part and no more", [PART_BYTES], 1],
  ["a part and a byte", [PART_BYTES - 1, 2], 2],
  ["one chunk of several parts", [2 * PART_BYTES + 5], 3],
])("%s becomes the object, in parts only when it fills one", async (_what, lengths, parts) => {
  const writer = new PartWriter(bucket, KEY);
  const chunks = lengths.map((length, n) => bytes(length, n));
  for (const chunk of chunks) await writer.write(chunk);
  expect(bucket.objects.size).toBe(0);
  await writer.complete();
  expect(content().equals(Buffer.concat(chunks))).toBe(true);
  expect(bucket.asked.putPart ?? 0).toBe(parts);
  expect(await Array.fromAsync(bucket.uploads("data/"))).toEqual([]);
});

it("a part that could not be sent is sent again: nothing is lost and nothing twice", async () => {
  const writer = new PartWriter(bucket, KEY);
  bucket.before = async (what) => {
    if (what === "putPart") throw new Error("away");
  };
  await expect(writer.write(bytes(PART_BYTES + 9))).rejects.toThrow("away");
  const { parts, tail } = writer.sent;
  expect([parts, Buffer.concat(tail).length]).toEqual([[], PART_BYTES + 9]);
  bucket.before = async () => {};
  await writer.write(bytes(4, 1));
  await writer.complete();
  expect(content().equals(Buffer.concat([bytes(PART_BYTES + 9), bytes(4, 1)]))).toBe(true);
  expect(bucket.asked.beginParts).toBe(1);
});

it("another writer goes on from what was sent", async () => {
  const first = new PartWriter(bucket, KEY);
  await first.write(bytes(PART_BYTES + 1));
  const second = new PartWriter(bucket, KEY, { from: first.sent });
  await second.write(bytes(PART_BYTES, 1));
  await second.complete();
  expect(content().equals(Buffer.concat([bytes(PART_BYTES + 1), bytes(PART_BYTES, 1)]))).toBe(true);
  // What the first one said it had sent is its own, and did not grow.
  expect(first.sent.parts).toHaveLength(1);
});

it("goes on after the last part of a list with gaps, and replaces none", async () => {
  const upload = await bucket.beginParts(KEY);
  for (const number of [1, 3]) await bucket.putPart(upload, number, bytes(PART_BYTES, number));
  const parts = (await bucket.parts(upload)) ?? [];
  const writer = new PartWriter(bucket, KEY, { from: { upload, parts, tail: [] } });
  await writer.write(bytes(8));
  await writer.complete();
  const whole = Buffer.concat([bytes(PART_BYTES, 1), bytes(PART_BYTES, 3), bytes(8)]);
  expect(content().equals(whole)).toBe(true);
});

it("tells of the upload before anything belongs to it, and of each part after it is there", async () => {
  const told: string[] = [];
  const writer: PartWriter = new PartWriter(bucket, KEY, {
    onBegin: async (upload) => void told.push(`begin ${(await bucket.parts(upload))?.length}`),
    onPart: async () => void told.push(`part ${writer.sent.parts.length}`),
  });
  await writer.write(bytes(2 * PART_BYTES));
  expect(told).toEqual(["begin 0", "part 1", "part 2"]);
});

it("leaves neither parts nor an object when it is given up, begun or not", async () => {
  const writer = new PartWriter(bucket, KEY);
  await writer.abort();
  expect(bucket.asked.abortParts).toBeUndefined();
  await writer.write(bytes(PART_BYTES));
  await writer.abort();
  expect(await Array.fromAsync(bucket.uploads("data/"))).toEqual([]);
  await expect(writer.complete()).rejects.toThrow("NoSuchUpload");
  expect(bucket.objects.size).toBe(0);
});
