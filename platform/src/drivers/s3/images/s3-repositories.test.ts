import { beforeEach, describe, expect, it, test } from "vitest";
import { digestOf, MEDIA } from "../../../delivery/image/index.ts";
import { repository } from "../../../delivery/registry/registry-fixtures.ts";
import { type FakeBucket, makeFakeBucket } from "../client/s3-bucket-fake.ts";
import { repositoryKeys } from "./image-keys.ts";
import { openS3Repositories, repositoriesOf } from "./s3-repositories.ts";
import { markName } from "./slot-entries.ts";
import { makeSlots } from "./slots.ts";

const GRACE = 1_000;
const app = repository("team/app");
const at = repositoryKeys(app);
const blob = digestOf("blob");
const manifest = (text: string, more: { subject?: string; annotations?: Record<string, string> } = {}) => ({
  ...{ digest: digestOf(text), mediaType: MEDIA.manifest, sizeBytes: text.length },
  ...more,
});

let nowMs: number;
let bucket: FakeBucket;
let records: ReturnType<typeof openS3Repositories>;
const keysUnder = (prefix: string) => [...bucket.objects.keys()].filter((key) => key.startsWith(prefix));
/** What a sweep does with all entries of a slot that nothing reaches. */
const mark = async (slot: string) => {
  for (const key of keysUnder(`${slot}/`)) await bucket.put(markName(key, nowMs), Buffer.alloc(0));
};

beforeEach(() => {
  nowMs = 1_700_000_000_000;
  bucket = makeFakeBucket(() => nowMs);
  records = openS3Repositories(bucket, makeSlots(bucket, { now: () => new Date(nowMs), graceMs: GRACE }));
});

describe("what leaves", () => {
  it("is counted on for the first half of its time without being written again", async () => {
    await records.holdBlob(app, blob);
    await mark(at.blob(blob));
    nowMs += GRACE / 2 - 1;
    const before = bucket.asked.put;
    expect(await records.holdsBlob(app, blob)).toBe(true);
    await records.holdBlob(app, blob);
    expect(bucket.asked.put).toBe(before);
  });

  it("is a new entry for who asks in the second half, which outlives the old one", async () => {
    await records.holdManifest(app, manifest("m"), "v1");
    await records.holdBlob(app, blob);
    const slots = [at.manifest(digestOf("m")), at.blob(blob)];
    for (const slot of slots) await mark(slot);
    const old = slots.flatMap((slot) => keysUnder(slot));
    nowMs += GRACE / 2;
    expect(await records.findManifest(app, "v1")).toEqual(manifest("m"));
    expect(await records.holdsBlob(app, blob)).toBe(true);
    for (const key of old) await bucket.remove(key);
    expect(await records.findManifest(app, "v1")).toEqual(manifest("m"));
    expect(await records.holdsBlob(app, blob)).toBe(true);
  });

  it("is gone for who comes as it is removed, and not made anew of nothing", async () => {
    await records.holdManifest(app, manifest("m"));
    await mark(at.manifest(digestOf("m")));
    nowMs += GRACE;
    // The sweep removes it between the list and the reading.
    bucket.before = async (what, key) => {
      if (what !== "get" || !key.startsWith(at.manifests)) return;
      bucket.before = async () => {};
      await bucket.remove(key);
    };
    expect(await records.findManifest(app, digestOf("m"))).toBeUndefined();
  });
});

describe("a tag", () => {
  it.each(["not-a-digest", "", `${digestOf("m")}\n`, digestOf("m").toUpperCase()])(
    "that was damaged (%j) names nothing",
    async (text) => {
      await records.holdManifest(app, manifest("m"));
      await bucket.put(at.tag("v1"), Buffer.from(text));
      expect(await records.findManifest(app, "v1")).toBeUndefined();
    },
  );

  it("is there only once its manifest is: a push that breaks off leaves none that names nothing", async () => {
    bucket.before = async (what, key) => {
      if (what === "put" && key.includes("/referrers/")) throw new Error("away");
    };
    const about = manifest("m", { subject: digestOf("subject") });
    await expect(records.holdManifest(app, about, "v1")).rejects.toThrow("away");
    expect(await records.tags(app)).toEqual([]);
    expect(await records.findManifest(app, about.digest)).toEqual(about);
  });

  it("of another manifest stays when one is dropped, and so does what it names", async () => {
    await records.holdManifest(app, manifest("one"), "v1");
    await records.holdManifest(app, manifest("one"), "v1.0");
    await records.holdManifest(app, manifest("two"), "v2");
    expect(await records.dropManifest(app, digestOf("one"))).toBe(true);
    expect(await records.tags(app)).toEqual(["v2"]);
    expect(await records.dropManifest(app, digestOf("one"))).toBe(false);
  });
});

it("referrers tell what a list shows, and no more; one removed meanwhile is left out", async () => {
  const subject = digestOf("subject");
  // More than are read at a time.
  for (let n = 0; n < 20; n += 1)
    await records.holdManifest(app, manifest(`about ${n}`, { subject, annotations: { n: `${n}` } }));
  const [gone = ""] = keysUnder(at.referrers(subject));
  bucket.before = async (what, key) => {
    if (what === "get" && key === gone) await bucket.remove(key);
  };
  const found = await records.referrers(app, subject);
  expect(found).toHaveLength(19);
  expect(Object.keys(found[0] ?? {})).toEqual(["mediaType", "digest", "size", "annotations"]);
  expect(await records.referrers(repository("team/other"), subject)).toEqual([]);
});

test("many manifests and blobs come each once, though each has several entries and marks", async () => {
  const texts = Array.from({ length: 40 }, (_, n) => `m${n}`);
  for (const text of texts) {
    await records.holdManifest(app, manifest(text));
    await records.holdBlob(app, digestOf(text));
    for (const slot of [at.manifest(digestOf(text)), at.blob(digestOf(text))]) await mark(slot);
  }
  nowMs += GRACE;
  // Each is made anew beside the entry that leaves.
  for (const text of texts) {
    await records.findManifest(app, digestOf(text));
    await records.holdsBlob(app, digestOf(text));
  }
  const digests = texts.map((text) => digestOf(text)).toSorted();
  const found = await Array.fromAsync(records.manifests(app), ({ digest }) => digest);
  expect(found.toSorted()).toEqual(digests);
  expect(await Array.fromAsync(records.blobs(app))).toEqual(digests);
});

test("what lies in a space without being a repository is none", async () => {
  for (const name of ["app", "App", "a b", "a..b", "app-1"])
    await bucket.put(`repositories/team/${name}/tags/v1`, Buffer.alloc(0));
  await bucket.put("repositories/team/file", Buffer.alloc(0));
  await bucket.put("repositories/team-1/other/tags/v1", Buffer.alloc(0));
  const names = await Array.fromAsync(repositoriesOf(bucket, "team"), ({ name }) => name);
  expect(names.toSorted()).toEqual(["app", "app-1"]);
  for (const odd of ["", "..", "team/", "Team"])
    expect(await Array.fromAsync(repositoriesOf(bucket, odd))).toEqual([]);
});
