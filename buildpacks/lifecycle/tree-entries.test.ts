import { createHash } from "node:crypto";
import {
  appendFile,
  chmod,
  cp,
  link,
  mkdir,
  mkdtemp,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packLayer } from "./oci.ts";
import { fingerprint, parentEntries, toEntries, walkTree } from "./tree-entries.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tree-"));
  await fill(join(root, "a"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function fill(folder: string): Promise<void> {
  await mkdir(join(folder, "b/c"), { recursive: true });
  await mkdir(join(folder, "empty"));
  await writeFile(join(folder, "b/file"), "text");
  await writeFile(join(folder, "b-run"), "#!/bin/sh");
  await chmod(join(folder, "b-run"), 0o755);
  await writeFile(join(folder, "Ä"), "umlaut");
  await writeFile(join(folder, "b/c/large"), Buffer.alloc(5_000_000, "x"));
  await symlink("/anywhere", join(folder, "b/link"));
  await link(join(folder, "b/file"), join(folder, "z-again"));
}

const pack = (folder: string) => buffer(packLayer(toEntries(walkTree(folder)), { uid: 1000, gid: 1000 }));
const digest = async (folder: string) =>
  createHash("sha256")
    .update(await pack(folder))
    .digest("hex");

describe("a layer of a folder", () => {
  it("holds everything, sorted, without times and users of this machine", async () => {
    const entries: string[] = [];
    const tar = extract();
    Readable.from([await pack(join(root, "a"))]).pipe(tar as unknown as NodeJS.WritableStream);
    for await (const entry of tar) {
      const { name, type, mode, linkname, uid, gid, mtime } = entry.header;
      expect({ uid, gid, mtime: mtime.toISOString() }).toEqual({
        uid: 1000,
        gid: 1000,
        mtime: "1980-01-01T00:00:01.000Z",
      });
      entries.push([name.slice(root.length), type, mode.toString(8), linkname ?? ""].join(" ").trim());
      entry.resume();
    }
    expect(entries).toEqual([
      "a/ directory 755",
      "a/b/ directory 755",
      "a/b/c/ directory 755",
      "a/b/c/large file 644",
      "a/b/file file 644",
      "a/b/link symlink 777 /anywhere",
      "a/b-run file 755",
      "a/empty/ directory 755",
      `a/z-again link 644 ${root.slice(1)}/a/b/file`,
      "a/Ä file 644",
    ]);
  });

  it("is the same, byte for byte, for the same files made at another time in another order", async () => {
    const before = await digest(join(root, "a"));
    await rename(join(root, "a"), join(root, "kept"));
    await mkdir(join(root, "a"));
    await writeFile(join(root, "a/Ä"), "umlaut");
    await rm(join(root, "a/Ä"));
    await fill(join(root, "a"));
    await utimes(join(root, "a/b/file"), 1, 1);
    expect(await digest(join(root, "a"))).toBe(before);
  });

  it("lists the folders above a path", () => {
    expect(parentEntries("/layers/x/y").map(({ path }) => path)).toEqual(["/layers", "/layers/x"]);
    expect(parentEntries("/workspace")).toEqual([]);
  });
});

describe("a fingerprint", () => {
  it("stays the same when the folder is moved", async () => {
    const before = fingerprint(join(root, "a"));
    await rename(join(root, "a"), join(root, "moved"));
    expect(fingerprint(join(root, "moved"))).toBe(before);
  });

  const changes: readonly [string, (folder: string) => Promise<void>][] = [
    ["a file grows", (folder) => appendFile(join(folder, "b/file"), "more")],
    [
      "a file is written anew with its old time",
      async (folder) => {
        await writeFile(join(folder, "b/file"), "TEXT");
        await utimes(join(folder, "b/file"), 1, 1);
      },
    ],
    ["a file appears", (folder) => writeFile(join(folder, "new"), "")],
    ["a file goes", (folder) => rm(join(folder, "b-run"))],
    ["a mode changes", (folder) => chmod(join(folder, "b/file"), 0o600)],
    ["a file is renamed", (folder) => rename(join(folder, "b-run"), join(folder, "c-run"))],
  ];
  it.each(changes)("changes when %s", async (_, change) => {
    const before = fingerprint(join(root, "a"));
    await change(join(root, "a"));
    expect(fingerprint(join(root, "a"))).not.toBe(before);
  });

  it("is not that of a copy", async () => {
    await cp(join(root, "a"), join(root, "copy"), { recursive: true, verbatimSymlinks: true });
    expect(fingerprint(join(root, "copy"))).not.toBe(fingerprint(join(root, "a")));
  });
});
