import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeImageStore, makeFakeImageStore } from "../../../delivery/image/image-store-fake.ts";
import { digestOf, encodeDocument, hexOf, MEDIA, makeManifest } from "../../../delivery/image/index.ts";
import { collectImage, intoStore } from "./collect-image.ts";
import { LAYOUTS, writeSparseLayout } from "./run-image.ts";

let root: string;
let store: FakeImageStore;
const layout = () => join(root, LAYOUTS.image.path);
const blob = (digest: string) => join(layout(), "blobs/sha256", hexOf(digest));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "collect-"));
  store = makeFakeImageStore();
});
afterEach(() => rm(root, { recursive: true, force: true }));

const known = new Map<string, string>();
const collect = (over: Partial<Parameters<typeof collectImage>[0]> = {}) =>
  collectImage({ root, layout: LAYOUTS.image.path, known, limitBytes: 1000, ...over }, intoStore(store));

/** Leaves an image of one layer that is packed, as most lifecycles do. */
async function leavePacked(plain: string, diffId = digestOf(plain)): Promise<string> {
  const packed = gzipSync(plain);
  const config = encodeDocument(MEDIA.config, {
    ...{ architecture: "amd64", os: "linux", config: {}, rootfs: { type: "layers", diff_ids: [diffId] } },
  });
  const layer = { mediaType: `${MEDIA.layer}+gzip`, digest: digestOf(packed), size: packed.length };
  const manifest = encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, [layer]));
  await writeSparseLayout(layout(), { digest: manifest.descriptor.digest, bytes: manifest.bytes }, [
    { digest: config.descriptor.digest, bytes: config.bytes },
    { digest: layer.digest, bytes: packed },
  ]);
  return layer.digest;
}

/** Writes an image of these layers into the layout. */
async function leave(layers: readonly string[], diffIds = layers.map(digestOf)): Promise<string> {
  const config = encodeDocument(MEDIA.config, {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: diffIds },
  });
  const descriptors = layers.map((text) => ({
    mediaType: MEDIA.layer,
    digest: digestOf(text),
    size: text.length,
  }));
  const manifest = encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, descriptors));
  const { digest } = manifest.descriptor;
  const others = layers.map((text) => ({ digest: digestOf(text), bytes: Buffer.from(text) }));
  await writeSparseLayout(layout(), { digest, bytes: manifest.bytes }, [
    { digest: config.descriptor.digest, bytes: config.bytes },
    ...others,
  ]);
  return digest;
}

describe("an image that a build leaves", () => {
  it("is moved into the store whole", async () => {
    const digest = await leave(["one", "two"]);
    expect(await collect()).toBe(digest);
    for (const text of ["one", "two"]) expect(await store.has(digestOf(text))).toBe(true);
    expect(await store.has(digest)).toBe(true);
  });

  it("may be packed, when it unpacks to what its config says", async () => {
    const layer = await leavePacked("a layer");
    await collect();
    expect(await store.has(layer)).toBe(true);
    await leavePacked("another layer", digestOf("something else"));
    await expect(collect()).rejects.toThrow("unpacks to something else");
    await leavePacked("x".repeat(5_000));
    await expect(collect()).rejects.toThrow("unpacks to more than 1000 bytes");
  });

  it("needs not bring layers of the previous image", async () => {
    const digest = await leave(["old", "new"]);
    await rm(blob(digestOf("old")));
    await store.write(Buffer.from("old"));
    expect(await collect({ known: new Map([[digestOf("old"), digestOf("old")]]) })).toBe(digest);
  });

  it("may not have layers of other images that it did not bring", async () => {
    await leave(["another app's"]);
    await rm(blob(digestOf("another app's")));
    await store.write(Buffer.from("another app's"));
    await expect(collect()).rejects.toThrow("the build left no");
  });

  const wrongs: readonly [string, () => Promise<unknown>, RegExp][] = [
    ["no image", async () => {}, /left no index\.json/],
    [
      "an index of nothing",
      async () => writeFile(join(layout(), "index.json"), '{"manifests":[]}'),
      /without an image/,
    ],
    ["a layer of other content", () => writeFile(blob(digestOf("one")), "other"), /digest/],
    ["no layer", () => rm(blob(digestOf("one"))), /left no/],
    [
      "a folder for a layer",
      async () => {
        await rm(blob(digestOf("one")));
        await mkdir(blob(digestOf("one")));
      },
      /left no/,
    ],
    [
      "a link for a layer",
      async () => {
        await rename(blob(digestOf("one")), join(root, "aside"));
        await symlink(join(root, "aside"), blob(digestOf("one")));
      },
      /left no/,
    ],
    [
      "a link for a folder",
      async () => {
        await rename(join(layout(), "blobs"), join(root, "aside"));
        await symlink(join(root, "aside"), join(layout(), "blobs"));
      },
      /left no/,
    ],
    [
      "a link for the index",
      async () => {
        await rm(join(layout(), "index.json"));
        await symlink("/etc/passwd", join(layout(), "index.json"));
      },
      /left no/,
    ],
  ];
  it.each(wrongs)("is refused with %s", async (what, spoil, message) => {
    if (what !== "no image") await leave(["one"]);
    await spoil();
    await expect(collect()).rejects.toThrow(message);
    expect(store.tags.size).toBe(0);
  });

  it("is refused when it is too large, and when config and layers disagree", async () => {
    await leave(["x".repeat(1001)]);
    await expect(collect()).rejects.toThrow(/the most is/);
    await leave(["one"], [digestOf("two")]);
    await expect(collect()).rejects.toThrow("layer 1 of the image is not what its config says");
    await leave(["one"], []);
    await expect(collect()).rejects.toThrow("disagree");
  });
});
