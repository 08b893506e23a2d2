import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeFakeImageStore } from "../../../delivery/image/image-store-fake.ts";
import {
  digestOf,
  encodeDocument,
  type ImageStore,
  type LayerEntry,
  MEDIA,
  makeManifest,
  packLayer,
} from "../../../delivery/image/index.ts";
import { hasFile } from "./unpack-container.ts";
import { openImageUnpacker } from "./unpack-image.ts";

const HOST = { architecture: "amd64", distroName: "debian", distroVersion: "12" } as const;
const MINE = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

let folder: string;
let store: ImageStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "containers-"));
  store = makeFakeImageStore();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = (path: string, text = "x", mode = 0o644): LayerEntry => {
  const content = Buffer.from(text);
  return { kind: "file", path, mode, content, size: content.length };
};
const link = (path: string, target: string): LayerEntry => ({ kind: "symlink", path, mode: 0o777, target });
const tarOf = (entries: readonly LayerEntry[]) => buffer(packLayer(entries, MINE));

/** An image of these layers, which says of them what it likes. */
async function makeImage(layers: readonly Buffer[], diffIds = layers.map(digestOf), config: object = {}) {
  const descriptors = [];
  for (const bytes of layers) {
    const { digest, sizeBytes } = await store.write(bytes);
    descriptors.push({ mediaType: MEDIA.layer, digest, size: sizeBytes });
  }
  const rootfs = { type: "layers", diff_ids: diffIds };
  const encoded = encodeDocument(MEDIA.config, { architecture: "amd64", os: "linux", config, rootfs });
  await store.write(encoded.bytes);
  const manifest = encodeDocument(MEDIA.manifest, makeManifest(encoded.descriptor, descriptors));
  return (await store.write(manifest.bytes)).digest;
}

const unpack = async (digest: string) =>
  await (await openImageUnpacker({ store, folder, host: HOST }))(digest, true);
const isWhiteout = async (path: string) => {
  const found = await lstat(path).catch(() => undefined);
  return found?.isCharacterDevice() === true && found.rdev === 0;
};

describe("a container image", () => {
  test("has its layers, however they are compressed, and begins where it says", async () => {
    const tars = await Promise.all(
      [[file("/bin/a", "one")], [file("/b", "two")], [file("/c", "three")]].map(tarOf),
    );
    const [plain, gzipped, zstd] = tars as [Buffer, Buffer, Buffer];
    const layers = [plain, gzipSync(gzipped), zstdCompressSync(zstd)];
    const config = { Env: ["A=b=c"], WorkingDir: "/srv" };
    const image = await unpack(await makeImage(layers, tars.map(digestOf), config));
    const texts = await Promise.all(
      ["c", "b", "bin/a"].map((path, n) => readFile(join(image.lowerDirs[n] ?? "", path), "utf8")),
    );
    expect(texts).toEqual(["three", "two", "one"]);
    expect([image.env, image.workingDir]).toEqual([{ A: "b=c" }, "/srv"]);
    expect((await unpack(await makeImage([plain]))).workingDir).toBe("/");
  });

  test("that brings a shell runs lines of it, and without one only programs", async () => {
    const bare = await unpack(await makeImage([await tarOf([file("/server")])]));
    expect(bare.programArgv(["/server", "-v"])).toEqual(["/server", "-v"]);
    expect(() => bare.shellArgv("ls")).toThrow("has no shell (/bin/sh)");
    expect(() => bare.programArgv(["/bin/sh", "-c", "ls"])).toThrow('CMD ["/server"]');
    for (const path of ["/bin/sh", "/usr/bin/sh"]) {
      const image = await unpack(await makeImage([await tarOf([file(path)])]));
      expect(image.shellArgv("ls").at(-1)).toBe("ls");
    }
  });

  test("is for this machine", async () => {
    const diffs = { type: "layers", diff_ids: [] };
    const config = encodeDocument(MEDIA.config, {
      architecture: "arm64",
      os: "linux",
      config: {},
      rootfs: diffs,
    });
    await store.write(config.bytes);
    const manifest = encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, []));
    const { digest } = await store.write(manifest.bytes);
    await expect(unpack(digest)).rejects.toThrow("for arm64 and this machine is amd64");
  });

  test("is unpacked once, however many ask at once", async () => {
    const digest = await makeImage([await tarOf([file("/a")]), await tarOf([file("/b")])]);
    const opened = await openImageUnpacker({ store, folder, host: HOST });
    const images = await Promise.all([opened(digest, true), opened(digest, true)]);
    expect(images[0]?.lowerDirs).toEqual(images[1]?.lowerDirs);
    expect(await readdir(folder)).toHaveLength(3);
  });
});

describe("what a layer hides", () => {
  const below = [file("/etc/a"), file("/etc/b"), file("/etc/deep/c"), file("/etc/deep/d")];

  test("a file, unless the same layer brings it", async () => {
    const upper = [file("/etc/.wh.a", ""), file("/etc/b", "new"), file("/etc/.wh.b", "")];
    const { lowerDirs } = await unpack(await makeImage([await tarOf(below), await tarOf(upper)]));
    const top = lowerDirs[0] ?? "";
    expect(await isWhiteout(join(top, "etc/a"))).toBe(true);
    expect(await readFile(join(top, "etc/b"), "utf8")).toBe("new");
    expect((await readdir(top)).sort()).toEqual(["etc"]);
  });

  test("all that a folder had, also where it has it anew", async () => {
    const upper = [file("/etc/.wh..wh..opq", ""), file("/etc/b", "new"), file("/etc/deep/e")];
    const { lowerDirs } = await unpack(await makeImage([await tarOf(below), await tarOf(upper)]));
    const top = lowerDirs[0] ?? "";
    const hidden = await Promise.all(
      ["a", "b", "deep/c", "deep/d", "deep/e"].map((path) => isWhiteout(join(top, "etc", path))),
    );
    expect(hidden).toEqual([true, false, true, true, false]);
  });

  test("a folder that it makes anew, by a whiteout of its name", async () => {
    const upper = [file("/etc/deep/e"), file("/etc/.wh.deep", "")];
    const { lowerDirs } = await unpack(await makeImage([await tarOf(below), await tarOf(upper)]));
    expect(await isWhiteout(join(lowerDirs[0] ?? "", "etc/deep/c"))).toBe(true);
  });

  test("is another thing above another image, and never shared with it", async () => {
    const opaque = await tarOf([file("/etc/.wh..wh..opq", ""), file("/etc/b")]);
    const other = [file("/etc/z")];
    const one = await unpack(await makeImage([await tarOf(below), opaque]));
    const two = await unpack(await makeImage([await tarOf(other), opaque]));
    expect(one.lowerDirs[0]).not.toBe(two.lowerDirs[0]);
    expect(await isWhiteout(join(two.lowerDirs[0] ?? "", "etc/z"))).toBe(true);
    expect(await isWhiteout(join(one.lowerDirs[0] ?? "", "etc/z"))).toBe(false);
  });

  test("nothing on this machine, whatever links are below", async () => {
    const outside = join(folder, "..", `outside-${process.pid}`);
    await mkdir(join(outside, "kept"), { recursive: true });
    try {
      const lower = [link("/etc", outside)];
      const upper = [file("/etc/.wh..wh..opq", ""), file("/etc/b")];
      const { lowerDirs } = await unpack(await makeImage([await tarOf(lower), await tarOf(upper)]));
      expect(await readdir(join(lowerDirs[0] ?? "", "etc"))).toEqual(["b"]);
      expect(await readdir(outside)).toEqual(["kept"]);
      expect(hasFile(lowerDirs.slice(1), ["etc", "kept"])).toBe(false);
    } finally {
      await rm(outside, { recursive: true });
    }
  });
});

describe("a hostile image", () => {
  test("does not become a part of another by what it says of its layers", async () => {
    const honest = await tarOf([file("/a", "honest")]);
    const false_ = await tarOf([file("/a", "false")]);
    await unpack(await makeImage([false_], [digestOf(honest)]));
    const { lowerDirs } = await unpack(await makeImage([honest]));
    expect(await readFile(join(lowerDirs[0] ?? "", "a"), "utf8")).toBe("honest");
  });

  test("brings no device, no pipe, and no program that runs as another user", async () => {
    const tar = pack();
    tar.entry({ name: "disk", type: "block-device", devmajor: 8, devminor: 0 });
    tar.entry({ name: "memory", type: "character-device", devmajor: 1, devminor: 1 });
    tar.entry({ name: "pipe", type: "fifo" });
    tar.entry({ name: "su", mode: 0o6755 }, "x");
    tar.finalize();
    const { lowerDirs } = await unpack(await makeImage([await buffer(tar)]));
    expect(await readdir(lowerDirs[0] ?? "")).toEqual(["su"]);
    expect((await stat(join(lowerDirs[0] ?? "", "su"))).mode & 0o7777).toBe(0o755);
  });

  const refused: readonly [string, () => Promise<Buffer>, RegExp][] = [
    ["leads out", () => tarOf([file("/../out")]), /leads out/],
    [
      "writes through its own link",
      () => tarOf([link("/a", "/tmp"), file("/a/b")]),
      /folder and a file or link at once/,
    ],
    ["hides nothing by name", () => tarOf([file("/.wh.", "")]), /not a valid whiteout/],
    ["hides by a link", () => tarOf([link("/.wh.a", "/")]), /not a valid whiteout/],
    ["is cut off", async () => gzipSync(await tarOf([file("/a")])).subarray(0, 60), /./],
    ["is no tar", async () => Buffer.from("#!/bin/sh\n".repeat(200)), /./],
  ];
  test.each(refused)("that %s is refused, and leaves nothing", async (_, bytes, message) => {
    await expect(unpack(await makeImage([await bytes()], [digestOf("d")]))).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual([".boot"]);
  });

  test("has no more layers than can be mounted", async () => {
    const tar = await tarOf([file("/a")]);
    const many = Array.from({ length: 128 }, () => tar);
    await expect(unpack(await makeImage(many))).rejects.toThrow("128 layers; at most 127");
    expect((await unpack(await makeImage(many.slice(1)))).lowerDirs).toHaveLength(1);
  });
});
