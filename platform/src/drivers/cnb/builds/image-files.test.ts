import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { pack } from "tar-stream";
import { describe, expect, it, test } from "vitest";
import { digestOf, type ImageDocuments, MEDIA, makeManifest } from "../../../delivery/image/index.ts";
import { readImageFiles, type WantedFiles } from "./image-files.ts";

type Entry = string | { readonly link: string } | { readonly folder: true };

async function layerOf(files: Readonly<Record<string, Entry>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, entry] of Object.entries(files)) {
    if (typeof entry === "string") tar.entry({ name }, entry);
    else if ("link" in entry) tar.entry({ name, type: "symlink", linkname: entry.link });
    else tar.entry({ name, type: "directory" });
  }
  tar.finalize();
  return await buffer(tar as unknown as AsyncIterable<Buffer>);
}

/** An image of these layers, the lowest first, packed in turn as plain tar, gzip and zstd. */
async function imageOf(...layers: readonly Readonly<Record<string, Entry>>[]) {
  const plain = await Promise.all(layers.map(layerOf));
  const packed = plain.map((tar, n) => [tar, gzipSync(tar), zstdCompressSync(tar)][n % 3] ?? tar);
  const content = new Map(packed.map((bytes) => [digestOf(bytes), bytes]));
  const config = { mediaType: MEDIA.config, digest: digestOf("config"), size: 6 };
  const documents: ImageDocuments = {
    manifest: makeManifest(
      config,
      packed.map((bytes) => ({ mediaType: MEDIA.layer, digest: digestOf(bytes), size: bytes.length })),
    ),
    config: {
      ...{ architecture: "amd64", os: "linux", config: {} },
      rootfs: { type: "layers", diff_ids: plain.map((bytes) => digestOf(bytes)) },
    },
  };
  const reads: string[] = [];
  const store = {
    read: async (digest: string) => {
      reads.push(digest);
      return Readable.from([content.get(digest) ?? Buffer.from("gone")]);
    },
  };
  return { documents, store, reads };
}

const never = new AbortController().signal;
async function read(
  image: Awaited<ReturnType<typeof imageOf>>,
  paths: readonly string[],
  more: Partial<WantedFiles> = {},
) {
  const found = await readImageFiles(image.documents, image.store, {
    ...{ paths, limitBytes: 1_000_000, signal: never, ...more },
  });
  return Object.fromEntries(found);
}

describe("files of an image", () => {
  test.each<[string, readonly Record<string, Entry>[], string | undefined]>([
    ["in the only layer", [{ "cnb/order.toml": "a" }], "a"],
    ["written otherwise", [{ "./cnb//order.toml": "a" }], "a"],
    ["the highest of several", [{ "cnb/order.toml": "a" }, { "cnb/order.toml": "b" }, { x: "" }], "b"],
    ["removed above", [{ "cnb/order.toml": "a" }, { "cnb/.wh.order.toml": "" }], undefined],
    ["removed with its folder", [{ "cnb/order.toml": "a" }, { ".wh.cnb": "" }], undefined],
    ["under an opaque folder", [{ "cnb/order.toml": "a" }, { "cnb/.wh..wh..opq": "" }], undefined],
    [
      "in an opaque folder's own layer",
      [{ "cnb/order.toml": "a" }, { "cnb/.wh..wh..opq": "", "cnb/order.toml": "b" }],
      "b",
    ],
    ["under what became a file", [{ "cnb/order.toml": "a" }, { cnb: "" }], undefined],
    ["under what became a link", [{ "cnb/order.toml": "a" }, { cnb: { link: "/etc" } }], undefined],
    ["that became a link", [{ "cnb/order.toml": "a" }, { "cnb/order.toml": { link: "/etc" } }], undefined],
    ["under a folder that is there again", [{ "cnb/order.toml": "a" }, { cnb: { folder: true } }], "a"],
    ["beside one with a longer name", [{ "cnb/order.toml": "a" }, { "cnb/.wh.order": "" }], "a"],
  ])("one %s", async (_what, layers, text) => {
    expect(await read(await imageOf(...layers), ["cnb/order.toml"])).toEqual({ "cnb/order.toml": text });
  });

  it("are looked for no deeper than needed", async () => {
    const layers: Record<string, Entry>[] = [{ deep: "1" }, { middle: "2" }, { top: "3" }];
    const all = await imageOf(...layers);
    expect(await read(all, ["top"])).toEqual({ top: "3" });
    expect(all.reads).toHaveLength(1);
    const some = await imageOf(...layers);
    const enough: WantedFiles["enough"] = (found) => found.has("middle");
    expect(await read(some, ["deep", "middle"], { enough })).toEqual({ middle: "2" });
    expect(some.reads).toHaveLength(2);
    expect(await read(await imageOf(...layers), ["nowhere"])).toEqual({});
  });

  it("that are too large, layers that are, and layers that are something else are refused", async () => {
    const large = await imageOf({ "cnb/order.toml": "x".repeat(1024 * 1024 + 1) });
    await expect(read(large, ["cnb/order.toml"], { limitBytes: 1e8 })).rejects.toThrow("larger than");
    await expect(read(await imageOf({ a: "1" }), ["b"], { limitBytes: 100 })).rejects.toThrow(
      "more than 100",
    );
    const other = await imageOf({ a: "1" });
    const lying = { read: async () => Readable.from([await layerOf({ a: "2" })]) };
    await expect(read({ ...other, store: lying }, ["b"])).rejects.toThrow("something else");
  });

  it("are looked for until somebody leaves", async () => {
    const signal = AbortSignal.abort(new Error("left"));
    await expect(read(await imageOf({ a: "1" }), ["b"], { signal })).rejects.toThrow("left");
  });
});
