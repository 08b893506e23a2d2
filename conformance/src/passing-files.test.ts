import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listIfThere, processIds, readIfThere } from "./passing-files.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-passing-"));
  mkdirSync(join(folder, "inner"));
  writeFileSync(join(folder, "file"), "text\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["a file", "file", "text\n", []],
  ["a folder", ".", "", ["file", "inner"]],
  ["an empty folder", "inner", "", []],
  ["what is gone", "gone", "", []],
  ["what is below something gone", "gone/file", "", []],
])("%s is read and listed", (_what, name, text, names) => {
  expect(readIfThere(join(folder, name))).toBe(text);
  expect([...listIfThere(join(folder, name))].sort()).toEqual(names);
});

test("a process is listed while it is there", () => {
  expect(processIds()).toContain(process.pid);
  const { pid } = spawnSync("true");
  expect(processIds()).not.toContain(pid);
  expect(processIds().every((id) => Number.isSafeInteger(id) && id > 0)).toBe(true);
});
