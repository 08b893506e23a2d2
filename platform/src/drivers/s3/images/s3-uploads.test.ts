import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../../delivery/image/index.ts";
import { repository } from "../../../delivery/registry/registry-fixtures.ts";
import { type FakeBucket, makeFakeBucket } from "../client/s3-bucket-fake.ts";
import { S3RequestError } from "../client/s3-request-error.ts";
import { openS3Images } from "./open-s3-images.ts";

const at = repository("team/app");
const MIB = 1024 * 1024;
let bucket: FakeBucket;
let aheadMs: number;
const now = () => new Date(Date.now() + aheadMs);
const open = (mostBytes = 64 * MIB) => openS3Images(bucket, { now, mostBytes, mostUploads: 3 });
const chunks = (...all: Buffer[]) => Readable.from(all);
const keys = (prefix: string) => [...bucket.objects.keys()].filter((key) => key.startsWith(prefix));

beforeEach(() => {
  aheadMs = 0;
  bucket = makeFakeBucket(() => now().getTime());
});

/** Cut into pieces as they come from a network. */
function pieces(content: Buffer): Buffer[] {
  const all: Buffer[] = [];
  for (let from = 0; from < content.length; from += 60_001) all.push(content.subarray(from, from + 60_001));
  return all;
}

describe("an upload in parts", () => {
  const content = randomBytes(13 * MIB + 17);

  it("is sent as it comes, in parts of one size, and never copied", async () => {
    const { uploads, content: images } = open();
    const id = await uploads.begin(at);
    expect(await uploads.append(at, id, chunks(...pieces(content.subarray(0, 7 * MIB))))).toBe(7 * MIB);
    expect(await uploads.append(at, id, chunks(...pieces(content.subarray(7 * MIB))))).toBe(content.length);
    expect([keys("data/"), keys("blobs/")]).toEqual([[], []]);
    await uploads.finish(at, id, digestOf(content));
    expect((await buffer(await images.read(digestOf(content)))).equals(content)).toBe(true);
    expect(bucket.asked).toMatchObject({ putPart: 3, completeParts: 1 });
    expect(bucket.asked.read).toBe(1);
    expect(bucket.asked.copy).toBeUndefined();
    expect([keys("uploads/"), keys("data/").length]).toEqual([[], 1]);
  });

  it("is gone on with by another process, which reads it once before it is a blob", async () => {
    const first = open().uploads;
    const id = await first.begin(at);
    await first.append(at, id, chunks(...pieces(content.subarray(0, 8 * MIB))));
    const second = open();
    expect(await second.uploads.sizeOf(at, id)).toBe(8 * MIB);
    await second.uploads.append(at, id, chunks(...pieces(content.subarray(8 * MIB))));
    const third = open();
    await third.uploads.finish(at, id, digestOf(content));
    expect(await third.content.sizeOf(digestOf(content))).toBe(content.length);
    expect(bucket.asked.read).toBe(1);
  });

  it("is not made a blob when another process has not seen the digest it should have", async () => {
    const first = open().uploads;
    const id = await first.begin(at);
    await first.append(at, id, chunks(...pieces(content)));
    const { uploads } = open();
    await expect(uploads.finish(at, id, digestOf("x"))).rejects.toMatchObject({ id: "invalid_params" });
    expect([keys("data/"), keys("blobs/"), keys("uploads/")]).toEqual([[], [], []]);
  });

  it("goes on at the last part after a process that was killed in its middle", async () => {
    const { uploads } = open();
    const id = await uploads.begin(at);
    await uploads.append(at, id, chunks(content.subarray(0, 100)));
    // The state is not written any more once a part has taken in what it holds.
    let parts = 0;
    bucket.before = async (what) => {
      if (what === "putPart") parts += 1;
      if (what === "put" && parts > 0) throw new S3RequestError("killed", { status: 0, passing: false });
    };
    await expect(uploads.append(at, id, chunks(...pieces(content.subarray(100))))).rejects.toThrow("killed");
    bucket.before = async () => {};
    const again = open();
    expect(await again.uploads.sizeOf(at, id)).toBe(10 * MIB);
    await again.uploads.append(at, id, chunks(...pieces(content.subarray(10 * MIB))));
    await again.uploads.finish(at, id, digestOf(content));
    expect(await again.content.sizeOf(digestOf(content))).toBe(content.length);
  });

  it("keeps what came when the store fails, and goes on from there", async () => {
    const { uploads, content: images } = open();
    const id = await uploads.begin(at);
    bucket.before = async (what) => {
      if (what === "putPart") throw new S3RequestError("away", { status: 503, passing: true });
    };
    await expect(uploads.append(at, id, chunks(...pieces(content)))).rejects.toThrow("away");
    bucket.before = async () => {};
    const held = (await uploads.sizeOf(at, id)) ?? 0;
    expect(held).toBeGreaterThanOrEqual(5 * MIB);
    await uploads.append(at, id, chunks(...pieces(content.subarray(held))));
    await uploads.finish(at, id, digestOf(content));
    expect(await images.sizeOf(digestOf(content))).toBe(content.length);
  });
});

it("is not sent twice when the store has it", async () => {
  const { uploads, content } = open();
  for (let time = 0; time < 2; time += 1) {
    const id = await uploads.begin(at);
    await uploads.append(at, id, chunks(Buffer.from("content")));
    await uploads.finish(at, id, digestOf("content"));
  }
  expect(keys("data/")).toHaveLength(1);
  expect(await content.sizeOf(digestOf("content"))).toBe(7);
});

it("is refused beyond its size and number, and by a store that is full, and leaves nothing", async () => {
  const { uploads } = open(6 * MIB);
  const id = await uploads.begin(at);
  const large = uploads.append(at, id, chunks(...pieces(randomBytes(7 * MIB))));
  await expect(large).rejects.toMatchObject({ id: "payload_too_large" });
  const other = await uploads.begin(at);
  bucket.before = async (what) => {
    if (what === "putPart") throw new S3RequestError("full", { status: 507, passing: false });
  };
  const full = uploads.append(at, other, chunks(...pieces(randomBytes(6 * MIB))));
  await expect(full).rejects.toMatchObject({ id: "unavailable" });
  bucket.before = async () => {};
  expect([keys("uploads/"), keys("data/")]).toEqual([[], []]);
  for (let n = 0; n < 3; n += 1) await uploads.begin(at);
  await expect(uploads.begin(at)).rejects.toMatchObject({ id: "conflict" });
  await uploads.begin(repository("team/app2"));
});

it("is not taken for given up while it comes slowly, and is removed with its parts when it is", async () => {
  const { uploads } = open();
  const id = await uploads.begin(at);
  const content = randomBytes(11 * MIB);
  async function* slow() {
    for (const piece of pieces(content)) {
      aheadMs += 30_000;
      yield piece;
    }
  }
  await uploads.append(at, id, slow());
  expect(await uploads.dropOlder(new Date(now().getTime() - 3_600_000))).toBe(0);
  aheadMs += 4_000_000;
  expect(await uploads.dropOlder(new Date(now().getTime() - 3_600_000))).toBe(1);
  expect(await uploads.sizeOf(at, id)).toBeUndefined();
  for await (const _one of bucket.uploads("data/")) expect.unreachable();
});
