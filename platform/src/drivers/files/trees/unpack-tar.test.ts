import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type Header, pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { safePath, unpackTar } from "./unpack-tar.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "unpack-"));
  await mkdir(join(root, "into"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

type Entry = Partial<Header> & { name: string; content?: string };

function tarOf(entries: readonly Entry[]): Readable {
  const tar = pack();
  for (const { content, ...header } of entries) tar.entry(header, content ?? "");
  tar.finalize();
  return Readable.from(tar as unknown as AsyncIterable<Buffer>);
}

const limits = { bytes: 1_000_000, entries: 100 };
const unpack = (entries: readonly Entry[], bounds = limits) =>
  unpackTar(tarOf(entries), join(root, "into"), { limits: bounds });

describe("unpacking", () => {
  it("makes files, folders and links with their modes", async () => {
    await unpack([
      { name: "bin/", type: "directory", mode: 0o750 },
      { name: "bin/run", mode: 0o755, content: "#!/bin/sh" },
      { name: "deep/er/file", mode: 0o600, content: "text" },
      { name: "link", type: "symlink", linkname: "/etc/passwd" },
      { name: "again", type: "link", linkname: "bin/run" },
      { name: "empty", content: "" },
    ]);
    const at = (path: string) => join(root, "into", path);
    expect((await stat(at("bin"))).mode & 0o777).toBe(0o750);
    expect((await stat(at("bin/run"))).mode & 0o777).toBe(0o755);
    expect((await stat(at("deep/er/file"))).mode & 0o777).toBe(0o600);
    expect(await readFile(at("again"), "utf8")).toBe("#!/bin/sh");
    expect(await readlink(at("link"))).toBe("/etc/passwd");
    expect((await stat(at("empty"))).size).toBe(0);
  });

  it("makes files in folders that are closed at the end", async () => {
    await unpack([
      { name: "closed/", type: "directory", mode: 0o555 },
      { name: "closed/file", content: "in" },
    ]);
    expect(await readFile(join(root, "into/closed/file"), "utf8")).toBe("in");
    expect((await stat(join(root, "into/closed"))).mode & 0o777).toBe(0o555);
  });

  it("takes large files, and the later of two entries of one name", async () => {
    const large = "x".repeat(3_000_000);
    await unpack(
      [
        { name: "f", content: "first" },
        { name: "f", content: large },
      ],
      {
        bytes: 10_000_000,
        entries: 10,
      },
    );
    expect((await stat(join(root, "into/f"))).size).toBe(3_000_000);
  });

  it("drops set-user-id bits, and leaves devices and pipes out", async () => {
    await unpack([
      { name: "su", mode: 0o4755, content: "x" },
      { name: "device", type: "character-device", devmajor: 1, devminor: 3 },
      { name: "pipe", type: "fifo" },
    ]);
    expect(await readdir(join(root, "into"))).toEqual(["su"]);
    expect((await stat(join(root, "into/su"))).mode & 0o7000).toBe(0);
  });
});

describe("what would lead outside", () => {
  const cases: readonly [string, readonly Entry[], RegExp][] = [
    ["a path that climbs", [{ name: "../out", content: "x" }], /leads out of the archive/],
    ["a path that climbs further in", [{ name: "a/../../out", content: "x" }], /leads out of the archive/],
    [
      "a path through a link",
      [
        { name: "way", type: "symlink", linkname: ".." },
        { name: "way/out", content: "x" },
      ],
      /a folder and a file or link at once/,
    ],
    [
      "a folder entry on a link",
      [
        { name: "way", type: "symlink", linkname: ".." },
        { name: "way/", type: "directory" },
        { name: "way/out", content: "x" },
      ],
      /a folder and a file or link at once/,
    ],
    [
      "a hard link to a link",
      [
        { name: "way", type: "symlink", linkname: "../out" },
        { name: "hard", type: "link", linkname: "way" },
      ],
      /not in the archive/,
    ],
    ["a hard link outside", [{ name: "hard", type: "link", linkname: "../out" }], /leads out/],
    ["a hard link to nothing", [{ name: "hard", type: "link", linkname: "none" }], /not in the archive/],
    [
      "a file in place of a folder",
      [
        { name: "d/f", content: "" },
        { name: "d", content: "" },
      ],
      /at once/,
    ],
  ];
  for (const [what, entries, message] of cases)
    it(`refuses ${what}`, async () => {
      await expect(unpack(entries)).rejects.toThrow(message);
      expect(await readdir(root)).toEqual(["into"]);
    });

  it("writes through no link: a file takes its place", async () => {
    await unpack([
      { name: "way", type: "symlink", linkname: "../out" },
      { name: "way", content: "mine" },
    ]);
    expect((await lstat(join(root, "into/way"))).isFile()).toBe(true);
    expect(await readdir(root)).toEqual(["into"]);
  });

  it("puts absolute paths into the folder", async () => {
    await unpack([{ name: "/etc/passwd", content: "made" }]);
    expect(await readFile(join(root, "into/etc/passwd"), "utf8")).toBe("made");
    expect(safePath("/a//./b/")).toBe("a/b");
  });
});

describe("limits", () => {
  it("bounds the bytes and the number of files", async () => {
    const many = Array.from({ length: 11 }, (_, i) => ({ name: `f${i}`, content: "x" }));
    await expect(unpack(many, { bytes: 100, entries: 10 })).rejects.toThrow("more than 10 files");
    await rm(join(root, "into"), { recursive: true });
    await mkdir(join(root, "into"));
    await expect(unpack(many, { bytes: 5, entries: 100 })).rejects.toThrow("more than 5 bytes");
  });

  it("fails as its source does", async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.alloc(512);
        throw new Error("the store went away");
      })(),
    );
    await expect(unpackTar(broken, join(root, "into"), { limits })).rejects.toThrow("the store went away");
  });
});

it("gives folders that no entry names the same mode, whatever the umask", async () => {
  const before = process.umask(0o077);
  try {
    await unpack([{ name: "deep/er/file", mode: 0o644, content: "text" }]);
  } finally {
    process.umask(before);
  }
  const modes = ["deep", "deep/er", "deep/er/file"].map(async (path) => {
    return ((await stat(join(root, "into", path))).mode & 0o777).toString(8);
  });
  expect(await Promise.all(modes)).toEqual(["755", "755", "644"]);
});
