import { beforeEach, describe, expect, it } from "vitest";
import { type FakeBucket, makeFakeBucket } from "../client/s3-bucket-fake.ts";
import { LEASE } from "./image-keys.ts";
import { takeSweepLease } from "./sweep-lease.ts";

const MINUTE = 60_000;
let nowMs: number;
let bucket: FakeBucket;
const now = () => new Date(nowMs);
const take = async () => (await takeSweepLease(bucket, now)) ?? expect.unreachable();
const held = () => JSON.parse(bucket.objects.get(LEASE)?.toString() ?? "null");

beforeEach(() => {
  nowMs = 1_700_000_000_000;
  bucket = makeFakeBucket();
});

it("of many who ask at once, one gets it", async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => takeSweepLease(bucket, now)));
  expect(all.filter((one) => one !== undefined)).toHaveLength(1);
});

it("of many who find a dead one's at once, one gets it", async () => {
  await take();
  nowMs += 10 * MINUTE;
  const all = await Promise.all(Array.from({ length: 8 }, () => takeSweepLease(bucket, now)));
  expect(all.filter((one) => one !== undefined)).toHaveLength(1);
});

it("another's is respected to its last moment", async () => {
  await take();
  const { holder } = held();
  nowMs += 10 * MINUTE - 1;
  expect(await takeSweepLease(bucket, now)).toBeUndefined();
  expect(held().holder).toBe(holder);
});

it.each(["", "{", "null", "[]", '"x"', "{}", '{"holder":1,"untilMs":"late"}'])(
  "what is damaged (%s) is replaced, and the lease holds then",
  async (text) => {
    await bucket.put(LEASE, Buffer.from(text));
    await (await take()).beat();
    expect(await takeSweepLease(bucket, now)).toBeUndefined();
  },
);

it("where the store does not know conditions, who was overwritten before looking has not got it", async () => {
  const put = bucket.put;
  const other = Buffer.from(JSON.stringify({ holder: "other", untilMs: nowMs + MINUTE }));
  const unconditional = {
    ...bucket,
    put: async (key: string, content: Buffer) => {
      const etag = await put(key, content);
      await put(key, other);
      return etag;
    },
  };
  expect(await takeSweepLease(unconditional, now)).toBeUndefined();
  expect(held().holder).toBe("other");
});

describe("who has it", () => {
  it("writes once in two minutes, however often the sweep goes on", async () => {
    const lease = await take();
    const before = bucket.asked.put;
    for (let second = 0; second < 119; second += 1) {
      nowMs += 1_000;
      await lease.beat();
    }
    expect(bucket.asked.put).toBe(before);
    nowMs += 1_000;
    await lease.beat();
    expect(held().untilMs).toBe(nowMs + 10 * MINUTE);
  });

  it("stops for good after a lost write, and does not put back what another wrote", async () => {
    const lease = await take();
    const other = Buffer.from(JSON.stringify({ holder: "other", untilMs: nowMs + 60 * MINUTE }));
    await bucket.put(LEASE, other);
    nowMs += 2 * MINUTE;
    for (let n = 0; n < 2; n += 1) await expect(lease.beat()).rejects.toThrow(/Another process sweeps/);
    await lease.release();
    expect(bucket.objects.get(LEASE)).toEqual(other);
  });

  it("stops when it was silent for ten minutes, though nobody came meanwhile", async () => {
    const lease = await take();
    const { untilMs } = held();
    nowMs += 10 * MINUTE;
    await expect(lease.beat()).rejects.toThrow(/too slow/);
    expect(held().untilMs).toBe(untilMs);
  });

  it("has it still when the store was away for one beat", async () => {
    const lease = await take();
    nowMs += 3 * MINUTE;
    bucket.before = () => Promise.reject(new Error("away"));
    await expect(lease.beat()).rejects.toThrow("away");
    bucket.before = async () => {};
    await lease.beat();
    expect(held().untilMs).toBe(nowMs + 10 * MINUTE);
  });

  it("gives it back once, also when it is not there any more", async () => {
    const lease = await take();
    await lease.release();
    expect(bucket.objects.has(LEASE)).toBe(false);
    const next = await take();
    await lease.release();
    expect(bucket.objects.has(LEASE)).toBe(true);
    await bucket.remove(LEASE);
    await next.release();
  });
});
