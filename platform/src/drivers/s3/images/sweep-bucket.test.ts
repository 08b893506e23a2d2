import { beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../../delivery/image/index.ts";
import {
  pushBlob,
  pushImage,
  repository,
  startTestRegistry,
} from "../../../delivery/registry/registry-fixtures.ts";
import { checkBucket } from "./check-bucket.ts";
import { GRACE_MS, openSweptBucket, type SweptBucket } from "./s3-sweep-fixtures.ts";
import { takeSweepLease } from "./sweep-lease.ts";

const at = repository("team/app");
const HOUR = 3_600_000 / GRACE_MS;
let swept: SweptBucket;
const sweep = (known: readonly string[] = []) => swept.sweep(known, async () => {});
const there = async (digest: string) => (await swept.content.weigh(digest)) > 0;

beforeEach(() => {
  swept = openSweptBucket();
});

describe("a blob that nothing reaches", () => {
  it("is there for a day after a sweep has found it so, and no longer counted on for the second half", async () => {
    const { digest } = await swept.content.write(Buffer.from("content"));
    await sweep();
    expect(swept.leftovers().filter((key) => key.includes("leaving"))).toEqual([]);
    swept.age();
    await sweep();
    swept.age(11 * HOUR);
    expect(await swept.content.sizeOf(digest)).toBe(7);
    expect(swept.bucket.asked.copy).toBeUndefined();
    swept.age(12 * HOUR);
    await sweep();
    expect(await there(digest)).toBe(true);
    swept.age(2 * HOUR);
    await sweep();
    expect([await there(digest), swept.leftovers()]).toEqual([false, []]);
  });

  it("is made anew for who asks in the second half, and stays then", async () => {
    const { digest } = await swept.content.write(Buffer.from("content"));
    swept.age();
    await sweep();
    swept.age(13 * HOUR);
    expect(await swept.content.has(digest)).toBe(true);
    swept.age(12 * HOUR);
    await sweep();
    expect(await swept.content.sizeOf(digest)).toBe(7);
  });

  it("is written again where it is about to go", async () => {
    const { digest } = await swept.content.write(Buffer.from("content"));
    swept.age();
    await sweep();
    swept.age();
    const registry = await startTestRegistry(swept);
    await pushBlob(registry, "team/app", "content");
    await sweep();
    expect(await there(digest)).toBe(true);
    await registry.registry.stop();
  });
});

describe("an image", () => {
  it("that is known, tagged or named stays whole, however often it is looked at; others go with all they had", async () => {
    const registry = await startTestRegistry(swept);
    const tagged = await pushImage(registry, "team/app", { tag: "v1" });
    const known = await pushImage(registry, "team/app");
    const lost = await pushImage(registry, "team/app");
    for (let round = 0; round < 4; round += 1) {
      swept.age(0.6);
      await sweep([known.digest]);
    }
    for (const { digest, layer, config } of [tagged, known])
      for (const part of [digest, layer.digest, config.digest]) expect(await there(part)).toBe(true);
    for (const part of [lost.digest, lost.layer.digest]) expect(await there(part)).toBe(false);
    expect(await swept.records.holdsBlob(at, lost.layer.digest)).toBe(false);
    await registry.registry.stop();
  });

  it("that the record knows stays, though no repository has it any more", async () => {
    const registry = await startTestRegistry(swept);
    const { digest, layer, config } = await pushImage(registry, "team/app");
    await swept.records.dropManifest(at, digest);
    for (let round = 0; round < 4; round += 1) {
      swept.age(0.6);
      await sweep([digest]);
    }
    for (const part of [digest, layer.digest, config.digest]) expect(await there(part)).toBe(true);
    for (let round = 0; round < 2; round += 1) {
      swept.age();
      await sweep();
    }
    expect(swept.leftovers()).toEqual([]);
    await registry.registry.stop();
  });

  it("that waits in a repository keeps content whose own time is over", async () => {
    const registry = await startTestRegistry(swept);
    const layer = Buffer.from("layer");
    await swept.content.write(layer);
    swept.age();
    await sweep();
    swept.age(HOUR);
    const { digest } = await pushImage(registry, "team/app", { layer });
    swept.age(25 * HOUR);
    await sweep();
    expect([await there(digest), await there(digestOf(layer))]).toEqual([true, true]);
    swept.age();
    await sweep();
    expect(swept.leftovers()).toEqual([]);
    await registry.registry.stop();
  });

  it("whose manifest cannot be read stops the collection of content", async () => {
    const registry = await startTestRegistry(swept);
    const { digest } = await pushImage(registry, "team/app", { tag: "v1" });
    const [entry = ""] = [...swept.bucket.objects.keys()].filter((key) =>
      key.startsWith(`blobs/${digest.slice(7)}`),
    );
    const id = /-([0-9a-f-]{36})-/.exec(entry)?.[1];
    await swept.bucket.put(`data/${id}`, Buffer.from("{"));
    await expect(sweep()).rejects.toThrow(/cannot be read/);
    await registry.registry.stop();
  });

  it("is not taken for one without parts while the store is away", async () => {
    const registry = await startTestRegistry(swept);
    const { layer } = await pushImage(registry, "team/app", { tag: "v1" });
    swept.age();
    swept.bucket.before = async (what) => {
      if (what === "read") throw new Error("away");
    };
    await expect(sweep()).rejects.toThrow();
    swept.bucket.before = async () => {};
    swept.age();
    await sweep();
    expect(await there(layer.digest)).toBe(true);
    await registry.registry.stop();
  });
});

it("bytes that belong to nothing go after a day, those of uploads stay", async () => {
  await swept.bucket.put("data/0f1c6a52-5d3e-4b57-8a43-0d9c2f6b7e11", Buffer.from("left by a kill"));
  const id = await swept.uploads.begin(at);
  await swept.bucket.put(`data/${id}`, Buffer.from("complete, and no blob yet"));
  await sweep();
  expect(swept.leftovers()).toHaveLength(2);
  swept.age();
  await sweep();
  expect(swept.leftovers()).toEqual([`data/${id}`]);
});

it("one of several entries stays, the others go in their time", async () => {
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [] }));
  const write = () => swept.content.write(index);
  const { before } = swept.bucket;
  let waiting = 0;
  // Both have looked before one of them has written.
  const both = new Promise<void>((resolve) => {
    swept.bucket.before = async (what) => {
      if (what !== "put") return;
      waiting += 1;
      if (waiting === 2) resolve();
      await both;
    };
  });
  await Promise.all([write(), write()]);
  swept.bucket.before = before;
  expect(swept.leftovers()).toHaveLength(4);
  for (let round = 0; round < 2; round += 1) {
    await swept.content.tag("app:v1", digestOf(index));
    swept.age();
    await sweep();
  }
  expect(swept.leftovers()).toHaveLength(2);
  expect(await swept.content.sizeOf(digestOf(index))).toBe(index.length);
});

describe("the right to sweep", () => {
  it("is one process's, until it gives it back or is not heard of for ten minutes", async () => {
    const first = await takeSweepLease(swept.bucket, swept.now);
    expect(first).toBeDefined();
    expect(await takeSweepLease(swept.bucket, swept.now)).toBeUndefined();
    await first?.release();
    const second = await takeSweepLease(swept.bucket, swept.now);
    swept.age(HOUR / 3);
    const third = await takeSweepLease(swept.bucket, swept.now);
    expect(third).toBeDefined();
    await expect(second?.beat()).rejects.toThrow(/Another process sweeps/);
    await second?.release();
    await third?.beat();
    expect(await takeSweepLease(swept.bucket, swept.now)).toBeUndefined();
  });

  it("is not lost to one who is not slow, nor to what is damaged", async () => {
    await swept.bucket.put("sweep-lease.json", Buffer.from("{"));
    const lease = await takeSweepLease(swept.bucket, swept.now);
    for (let beats = 0; beats < 20; beats += 1) {
      swept.age(HOUR / 40);
      await lease?.beat();
    }
    expect(await takeSweepLease(swept.bucket, swept.now)).toBeUndefined();
  });
});

it("a bucket is tried, and whether it knows conditions", async () => {
  expect(await checkBucket(swept.bucket)).toEqual({ conditionalWrites: true });
  const without = { ...swept.bucket, put: (key: string, content: Buffer) => swept.bucket.put(key, content) };
  expect(await checkBucket(without)).toEqual({ conditionalWrites: false });
  expect([...swept.bucket.objects.keys()]).toEqual([]);
});
