import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { measureTree } from "./measure-tree.ts";

const KIB = 1_024;
const ANY = { bytes: Number.POSITIVE_INFINITY, entries: Number.POSITIVE_INFINITY };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-measure-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const fill = (name: string, kib: number) => writeFileSync(at(name), Buffer.alloc(kib * KIB, 1));
const kibOf = async () => (await measureTree(folder, ANY)).bytes / KIB;

describe("a folder's size", () => {
  test("is that of all that is in it, however deep", async () => {
    mkdirSync(at("a/b/c"), { recursive: true });
    const empty = await kibOf();
    fill("a/b/c/file", 64);
    fill("other", 100);
    expect(await kibOf()).toBe(empty + 164);
    expect((await measureTree(folder, ANY)).entries).toBe(5);
  });

  test("is that on the disk: holes take nothing", async () => {
    fill("file", 4);
    truncateSync(at("file"), 2 ** 30);
    expect(await kibOf()).toBeLessThan(64);
  });

  test("counts a file with two names once", async () => {
    fill("one", 64);
    linkSync(at("one"), at("two"));
    expect(await kibOf()).toBe(64);
  });

  test("is nothing of what a link points to", async () => {
    symlinkSync("/usr", at("link"));
    expect((await measureTree(folder, ANY)).entries).toBe(1);
  });

  test("has names that are no text in it", async () => {
    writeFileSync(
      Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe])]),
      Buffer.alloc(8 * KIB),
    );
    expect((await measureTree(folder, ANY)).entries).toBe(1);
    expect(await kibOf()).toBe(8);
  });

  test("of what is not there is nothing", async () => {
    expect(await measureTree(at("nothing"), ANY)).toEqual({ bytes: 0, entries: 0 });
  });
});

describe("counting", () => {
  test.each([
    [{ bytes: ANY.bytes, entries: 10 }, 11],
    [{ bytes: 20 * 4 * KIB, entries: ANY.entries }, 21],
  ])("stops once %j is passed", async (most, entries) => {
    for (let n = 0; n < 100; n++) fill(`file-${n}`, 4);
    expect((await measureTree(folder, most)).entries).toBe(entries);
  });
});
