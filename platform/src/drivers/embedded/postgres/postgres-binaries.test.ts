import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findPostgresBinaries, preparePostgresBinaries } from "./postgres-binaries.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "conifer-bin-"));
  mkdirSync(join(root, "package/native/lib"), { recursive: true });
  writeFileSync(join(root, "package/package.json"), '{"version":"18.4.0-beta.17"}');
  writeFileSync(join(root, "package/native/lib/libx.so.6.1"), "");
  const links = [
    { source: "native/lib/libx.so.6.1", target: "native/lib/libx.so.6" },
    { source: "native/lib/libx.so.6.1", target: "native/lib/libx.so" },
  ];
  writeFileSync(join(root, "package/native/pg-symlinks.json"), JSON.stringify(links));
});
afterEach(() => rmSync(root, { recursive: true }));

test("the links that no install script made are made, once", async () => {
  const prepare = () => preparePostgresBinaries(join(root, "package"), join(root, "copy"));
  expect(await prepare()).toEqual({ native: join(root, "package/native"), major: 18 });
  await Promise.all([prepare(), prepare()]);
  expect(readdirSync(join(root, "package/native/lib")).sort()).toEqual([
    "libx.so",
    "libx.so.6",
    "libx.so.6.1",
  ]);
  expect(readlinkSync(join(root, "package/native/lib/libx.so.6"))).toBe("libx.so.6.1");
  expect(readdirSync(root)).toEqual(["package"]);
});

test("the server that npm installed is found", async () => {
  const { native, major } = await findPostgresBinaries(join(root, "copy"));
  expect(major).toBe(18);
  expect(readdirSync(join(native, "bin"))).toEqual(expect.arrayContaining(["initdb", "postgres"]));
});
