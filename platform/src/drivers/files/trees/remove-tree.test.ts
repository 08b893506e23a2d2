import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mountAtOrBelow, mountPoints, removeTree } from "./remove-tree.ts";

describe("removing a tree", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "conifer-remove-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("takes everything, also folders that a program made unreadable", async () => {
    const tree = join(folder, "tree");
    mkdirSync(join(tree, "a/b/c"), { recursive: true });
    writeFileSync(join(tree, "a/b/c/file"), "x");
    chmodSync(join(tree, "a/b"), 0);
    await removeTree(tree);
    expect(existsSync(tree)).toBe(false);
  });

  test("takes names that are not UTF-8, of files and of folders", async () => {
    const tree = join(folder, "tree");
    mkdirSync(tree);
    const odd = Buffer.concat([Buffer.from(`${tree}/caf`), Buffer.from([0xe9])]);
    mkdirSync(odd);
    writeFileSync(Buffer.concat([odd, Buffer.from("/"), Buffer.from([0xff, 0xfe])]), "x");
    writeFileSync(Buffer.concat([odd, Buffer.from("2")]), "x");
    chmodSync(odd, 0);
    await removeTree(tree);
    expect(existsSync(tree)).toBe(false);
  });

  test("takes large trees whole", async () => {
    for (const name of ["a", "b"]) {
      mkdirSync(join(folder, "tree", name), { recursive: true });
      for (let n = 0; n < 700; n++) writeFileSync(join(folder, "tree", name, String(n)), "");
    }
    chmodSync(join(folder, "tree/b"), 0);
    await removeTree(join(folder, "tree"));
    expect(existsSync(join(folder, "tree"))).toBe(false);
  });

  test("does not follow links", async () => {
    const [tree, kept] = [join(folder, "tree"), join(folder, "kept")];
    mkdirSync(tree);
    writeFileSync(kept, "x");
    symlinkSync(kept, join(tree, "link"));
    symlinkSync(folder, join(tree, "folder"));
    await removeTree(tree);
    expect(existsSync(kept)).toBe(true);
  });

  test("a file, and nothing at all, are fine", async () => {
    writeFileSync(join(folder, "file"), "x");
    await removeTree(join(folder, "file"));
    await removeTree(join(folder, "file"));
    expect(existsSync(join(folder, "file"))).toBe(false);
  });

  test("refuses a mount and removes nothing", async () => {
    await expect(removeTree("/proc")).rejects.toThrow("/proc is a mount. Unmount it");
  });
});

describe("mount points", () => {
  const INFO = "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:5 / /a\\040b/c rw shared:1 - tmpfs tmpfs rw\n";

  test("are read with their escapes", () => {
    expect(mountPoints(INFO)).toEqual(["/", "/a b/c"]);
  });

  test.each([
    ["/a b", "/a b/c"],
    ["/a b/c", "/a b/c"],
    ["/a", undefined],
    ["/a b/c/d", undefined],
    ["/a b/cd", undefined],
  ])("at or below %s: %s", (at, expected) => {
    expect(mountAtOrBelow(mountPoints(INFO), at)).toBe(expected);
  });
});
