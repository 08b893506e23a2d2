import { mkdtemp, readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFakeImageStore } from "../../../delivery/image/image-store-fake.ts";
import { digestOf, type ImageStore } from "../../../delivery/image/index.ts";
import { makeImageRoot, type RootLayer } from "./image-root.ts";

let folder: string;
let store: ImageStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "image-root-"));
  store = makeFakeImageStore();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Entry = Partial<Header> & { readonly name: string; readonly content?: string };

/** A file when it has content, a link when it has a target, else a folder. */
const file = (name: string, content = ""): Entry => ({ name, content });
const link = (name: string, linkname: string): Entry => ({ name, type: "symlink", linkname });
const dir = (name: string, mode = 0o755): Entry => ({ name, type: "directory", mode });

async function layer(...entries: Entry[]): Promise<RootLayer> {
  const tar = pack();
  for (const { content = "", ...header } of entries) tar.entry(header, content);
  tar.finalize();
  const plain = await buffer(tar as unknown as AsyncIterable<Buffer>);
  const { digest } = await store.write(gzipSync(plain));
  return { digest, diffId: digestOf(plain) };
}

const limits = { bytes: 1_000_000, entries: 100 };
const root = () => join(folder, "root");
const make = async (...layers: Entry[][]) => {
  const all = [];
  for (const entries of layers) all.push(await layer(...entries));
  await makeImageRoot(all, root(), join(folder, "work"), { store, limits });
};
const read = (path: string) => readFile(join(root(), path), "utf8");

describe("an image's root", () => {
  it("has what the topmost layer says at each place", async () => {
    await make(
      [
        dir("etc"),
        file("etc/a", "old"),
        file("etc/b", "b"),
        dir("var"),
        file("var/x", "x"),
        file("tool", "t"),
      ],
      [file("etc/a", "new"), file("var", "now a file"), file("tool/inside", "now a folder")],
    );
    expect([await read("etc/a"), await read("etc/b"), await read("var"), await read("tool/inside")]).toEqual([
      ...["new", "b", "now a file", "now a folder"],
    ]);
  });

  it("lacks what a layer takes away, but not what the same layer brings", async () => {
    await make(
      [file("a/keep"), file("a/gone"), file("b/old"), dir("c/deep"), file("c/deep/x")],
      [file("a/.wh.gone"), file("b/.wh..wh..opq"), file("b/new"), file(".wh.c"), file(".wh.never-there")],
    );
    expect(await readdir(join(root(), "a"))).toEqual(["keep"]);
    expect(await readdir(join(root(), "b"))).toEqual(["new"]);
    expect((await readdir(root())).sort()).toEqual(["a", "b"]);
  });

  it("follows links of folders as the image means them, and never out of it", async () => {
    await make(
      [
        dir("usr/bin"),
        file("usr/bin/sh", "sh"),
        link("bin", "usr/bin"),
        link("lib", "/usr/lib"),
        link("up", "../../.."),
      ],
      [file("bin/tool", "tool"), dir("usr/lib"), file("up/in-root", "x")],
      [file("lib/libc", "libc"), file("bin/.wh.sh")],
    );
    expect(await readlink(join(root(), "bin"))).toBe("usr/bin");
    expect([await read("usr/bin/tool"), await read("usr/lib/libc"), await read("in-root")]).toEqual([
      ...["tool", "libc", "x"],
    ]);
    expect(await readdir(join(root(), "usr/bin"))).toEqual(["tool"]);
    expect(await readdir(folder)).toEqual(["root"]);
  });

  it("replaces links that lead to no folder", async () => {
    await make(
      [link("a", "/nowhere"), link("b", "b"), link("c", "/etc/passwd")],
      [...[file("a/x", "a"), file("b/x", "b"), file("c/x", "c")]],
    );
    expect([await read("a/x"), await read("b/x"), await read("c/x")]).toEqual(["a", "b", "c"]);
  });

  it("can be laid over although its folders may not be written to", async () => {
    await make(
      [dir("ro", 0o555), file("ro/a", "a"), dir("ro/deep", 0o500)],
      [...[dir("ro", 0o555), file("ro/b", "b"), dir("ro/deep", 0o500), file("ro/deep/c", "c")]],
    );
    expect(await read("ro/deep/c")).toBe("c");
    expect((await stat(join(root(), "ro"))).mode & 0o777).toBe(0o755);
  });

  it.each([
    ["a whiteout of the folder above", [file("a/.wh...")], /not a valid whiteout/],
    ["a whiteout that is a folder", [dir("a/.wh.x")], /not a valid whiteout/],
    ["a path that leads out", [file("../x")], /leads out/],
    ["too many files", Array.from({ length: 101 }, (_, n) => file(`f${n}`)), /more than 100 files/],
  ])("is refused with %s", async (_, entries, message) => {
    await expect(make([file("a/b")], entries)).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual(["root"]);
  });

  it("is refused with layers that are too large together, or of another content", async () => {
    const big = file("big", "x".repeat(600_000));
    await expect(make([big], [big])).rejects.toThrow(/more than \d+ bytes/);
    const { digest } = await layer(file("a"));
    const wrong = [{ digest, diffId: digestOf("else") }];
    const options = { store, limits };
    await expect(makeImageRoot(wrong, join(folder, "b"), join(folder, "work"), options)).rejects.toThrow(
      "something else",
    );
  });
});
