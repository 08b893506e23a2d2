import { beforeEach, describe, expect, it } from "vitest";
import { digestOf, MEDIA } from "../../../delivery/image/index.ts";
import { repository } from "../../../delivery/registry/registry-fixtures.ts";
import { type FakeBucket, makeFakeBucket } from "../client/s3-bucket-fake.ts";
import { repositoryKeys } from "./image-keys.ts";
import { openS3Repositories } from "./s3-repositories.ts";
import { makeSlots } from "./slots.ts";
import { sweepBucketRepository } from "./sweep-bucket-repository.ts";

const GRACE = 1_000;
const app = repository("team/app");
const [image, layer, signature] = [digestOf("image"), digestOf("layer"), digestOf("signature")];
const signatureTag = `${image.replace(":", "-")}.sig`;

let nowMs: number;
let bucket: FakeBucket;
let records: ReturnType<typeof openS3Repositories>;
const hold = (digest: string, { tag, subject }: { tag?: string; subject?: string } = {}) =>
  records.holdManifest(
    app,
    { digest, mediaType: MEDIA.manifest, sizeBytes: 1, ...(subject === undefined ? {} : { subject }) },
    tag,
  );
/** The image names the layer; nothing else names anything. */
const of = async (digest: string) => ({ names: digest === image ? [layer] : [], manifests: [] });
const sweep = (
  { known = [], goOn = async () => {}, at = app, links = of } = {} as {
    known?: readonly string[];
    goOn?: () => Promise<void>;
    at?: typeof app;
    links?: typeof of;
  },
) =>
  sweepBucketRepository(
    {
      ...{ bucket, now: () => new Date(nowMs), beganMs: nowMs, graceMs: GRACE, goOn, known: new Set(known) },
      links: { of: links, ifDocument: links },
    },
    at,
  );
const left = () => [...bucket.objects.keys()].map((key) => key.slice("repositories/team/app/".length));
/** All that is there now is neither new, nor has it been looked at. */
const grow = (ms = GRACE + 1) => {
  nowMs += ms;
};

beforeEach(async () => {
  nowMs = 1_700_000_000_000;
  bucket = makeFakeBucket(() => nowMs);
  records = openS3Repositories(bucket, makeSlots(bucket, { now: () => new Date(nowMs), graceMs: GRACE }));
  await records.holdBlob(app, layer);
});

it("what is new stays unmarked for the time of grace, and what nothing reaches for as long again", async () => {
  await hold(image);
  nowMs += GRACE;
  expect(await sweep()).toMatchObject({ removed: 0, waiting: 0 });
  expect(left()).toHaveLength(2);
  nowMs += 1;
  expect(await sweep()).toMatchObject({
    removed: 0,
    waiting: 2,
    kept: new Set([image, layer]),
    reached: new Set(),
  });
  nowMs += GRACE - 1;
  expect(await sweep()).toMatchObject({ removed: 0, waiting: 2 });
  nowMs += 1;
  expect(await sweep()).toMatchObject({ removed: 1, waiting: 0, kept: new Set() });
  expect(left()).toEqual([]);
});

it.each([
  ["a tag", async () => hold(image, { tag: "v1" }), {}],
  ["the platform's record", async () => hold(image), { known: [image] }],
])("what %s names stays with its parts and without marks, however old", async (_what, make, options) => {
  await make();
  for (let round = 0; round < 4; round += 1) {
    grow();
    expect(await sweep(options)).toMatchObject({ removed: 0, waiting: 0, reached: new Set([image, layer]) });
  }
  expect(left().filter((key) => key.includes("leaving"))).toEqual([]);
});

it("all of the platform's own stays", async () => {
  const own = repository("conifer/builder");
  await records.holdBlob(own, layer);
  for (let round = 0; round < 3; round += 1) {
    grow();
    expect(await sweep({ at: own })).toMatchObject({ waiting: 0, reached: new Set([layer]) });
  }
  expect(await records.holdsBlob(own, layer)).toBe(true);
});

it("what is tagged again in its time of grace begins anew", async () => {
  await hold(image);
  grow();
  await sweep();
  await hold(image, { tag: "v1" });
  await sweep();
  expect(left().filter((key) => key.includes("leaving"))).toEqual([]);
  await records.dropTag(app, "v1");
  grow();
  expect(await sweep()).toMatchObject({ removed: 0, waiting: 2 });
});

describe("a signature", () => {
  beforeEach(async () => {
    await hold(image, { tag: "v1" });
    await hold(signature, { subject: image, tag: signatureTag });
  });

  it("stays as long as its image, and goes with it, its tag and its place among the referrers", async () => {
    for (let round = 0; round < 3; round += 1) {
      grow();
      expect(await sweep()).toMatchObject({ removed: 0, waiting: 0 });
    }
    expect(await records.referrers(app, image)).toHaveLength(1);
    await records.dropTag(app, "v1");
    await sweep();
    grow();
    expect(await sweep()).toMatchObject({ removed: 2 });
    expect(left()).toEqual([]);
  });

  it("that is pushed again while the sweep removes the old one is found afterwards", async () => {
    await records.dropTag(app, "v1");
    grow();
    await sweep();
    grow();
    const at = repositoryKeys(app);
    bucket.before = async (what, key) => {
      if (what !== "remove" || !key.startsWith(at.manifest(signature))) return;
      bucket.before = async () => {};
      await hold(signature, { subject: image, tag: signatureTag });
    };
    await sweep();
    expect(await records.findManifest(app, signature)).toBeDefined();
    expect(await records.referrers(app, image)).toHaveLength(1);
    expect(await records.findManifest(app, signatureTag)).toBeDefined();
  });
});

it("a statement's tag that names another one by the time it would go stays", async () => {
  await hold(signature, { subject: image, tag: signatureTag });
  grow();
  await sweep();
  grow();
  const [newer, key] = [digestOf("newer"), repositoryKeys(app).manifest(signature)];
  bucket.before = async (what, at) => {
    if (what !== "remove" || !at.startsWith(key)) return;
    bucket.before = async () => {};
    await hold(newer, { subject: image, tag: signatureTag });
  };
  expect(await sweep()).toMatchObject({ removed: 1 });
  expect(await records.findManifest(app, signatureTag)).toMatchObject({ digest: newer });
  expect(await records.findManifest(app, signature)).toBeUndefined();
});

it.each(["", "damaged", digestOf("never pushed")])("a statement's tag that names %j goes", async (text) => {
  await bucket.put(repositoryKeys(app).tag(signatureTag), Buffer.from(text));
  await sweep();
  expect(await records.tags(app)).toEqual([]);
});

it("nothing is removed when what a manifest names cannot be read", async () => {
  await hold(image);
  grow();
  await sweep();
  grow();
  const before = left();
  await expect(sweep({ links: () => Promise.reject(new Error("damaged")) })).rejects.toThrow("damaged");
  expect(left()).toEqual(before);
});

it("a sweep that ends anywhere loses nothing that has a tag, and the next one goes on", async () => {
  await hold(image, { tag: "v1" });
  for (const text of ["one", "two"])
    await hold(digestOf(text), { subject: digestOf("gone"), tag: `x-${text}` });
  for (const text of ["one", "two"]) await records.dropTag(app, `x-${text}`);
  grow();
  await sweep();
  grow();
  for (let steps = 0, isDone = false; !isDone; steps += 1) {
    let taken = 0;
    const goOn = async () => {
      taken += 1;
      if (taken > steps) throw new Error("killed");
    };
    isDone = await sweep({ goOn }).then(
      () => true,
      () => false,
    );
    expect(await records.findManifest(app, "v1")).toMatchObject({ digest: image });
    expect(await records.holdsBlob(app, layer)).toBe(true);
  }
  expect(left().filter((key) => !key.includes(layer.slice(7)) && !key.includes(image.slice(7)))).toEqual([
    "tags/v1",
  ]);
});
