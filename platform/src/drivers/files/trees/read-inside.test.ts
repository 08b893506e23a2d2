import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kindInside, readInside } from "./read-inside.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "inside-"));
  const at = (path: string) => join(folder, path);
  await mkdir(at("root/a"), { recursive: true });
  await writeFile(at("root/a/file"), "inside");
  await writeFile(at("secret"), "outside");
  await symlink("../../secret", at("root/a/out"));
  await symlink("..", at("root/up"));
  await symlink("file", at("root/a/near"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ["a/file", "file", "inside"],
  ["/a//file", "file", "inside"],
  ["a", "folder", undefined],
  ["a/out", "other", undefined],
  ["a/near", "other", undefined],
  ["up/secret", "none", undefined],
  ["a/file/x", "none", undefined],
  ["b", "none", undefined],
])("%s is of the kind %s", async (path, kind, text) => {
  expect(await kindInside(join(folder, "root"), path)).toBe(kind);
  expect(await readInside(join(folder, "root"), path, 100)).toBe(text);
});

test("a file that is too large is not read", async () => {
  expect(await readInside(join(folder, "root"), "a/file", 5)).toBeUndefined();
});
