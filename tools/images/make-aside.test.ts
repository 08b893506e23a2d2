import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeAside, settle } from "./make-aside.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "make-aside-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The id of a process that has ended. */
const deadPid = () => spawnSync("true").pid;

test("work has a folder of its own, and nothing is left of it", async () => {
  const parent = join(root, "not/yet/there");
  const seen = await makeAside(parent, async (aside) => {
    writeFileSync(join(aside, "file"), "x");
    return readdirSync(parent);
  });
  expect(seen).toHaveLength(1);
  expect(readdirSync(parent)).toEqual([]);
});

test("nothing is left of work that fails", async () => {
  await expect(makeAside(root, async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(readdirSync(root)).toEqual([]);
});

test("what a killed maker has left is removed, and what a living one has is not", async () => {
  const [dead, alive] = [`.making-${deadPid()}-a`, `.making-${process.ppid}-b`];
  for (const name of [dead, alive, "finished"]) mkdirSync(join(root, name));
  await makeAside(root, async () => {});
  expect(readdirSync(root).sort()).toEqual([alive, "finished"]);
});

test("what is made gets its name, and the faster of two makers wins", async () => {
  for (const name of ["one", "two"]) {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, "by"), name);
  }
  await settle(join(root, "one"), join(root, "image"));
  await settle(join(root, "two"), join(root, "image"));
  expect(readFileSync(join(root, "image/by"), "utf8")).toBe("one");
  await expect(settle(join(root, "none"), join(root, "other"))).rejects.toThrow("ENOENT");
});
