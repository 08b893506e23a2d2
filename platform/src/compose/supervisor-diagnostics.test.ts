import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDiagnostics } from "./supervisor-diagnostics.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-diagnostics-"));
  path = join(folder, "control.log");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("text is appended over restarts, for this user only", () => {
  for (const text of ["one\n", "two\n"]) {
    const file = openDiagnostics(path);
    file.write(text);
    file.close();
  }
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("size is bounded: a full file is put aside once", () => {
  const file = openDiagnostics(path, 100);
  for (let i = 0; i < 1_000; i++) file.write(`line ${i}\n`);
  file.close();
  expect(readdirSync(folder).sort()).toEqual(["control.log", "control.log.1"]);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).size).toBeLessThan(120);
  expect(readFileSync(path, "utf8")).toContain("line 999\n");
});

test("a file that is full from before is put aside at the next write", () => {
  openDiagnostics(path, 10).write("more than ten bytes\n");
  const file = openDiagnostics(path, 10);
  file.write("new\n");
  expect(readFileSync(path, "utf8")).toBe("new\n");
  file.close();
});

test("the tail is the end of what was written, also after the file was closed", () => {
  const file = openDiagnostics(path, 100);
  file.write("x".repeat(10_000));
  file.close();
  file.close();
  file.write("the end");
  expect(file.tail()).toHaveLength(4_000);
  expect(file.tail()).toMatch(/xthe end$/);
  expect(readFileSync(path, "utf8")).not.toContain("the end");
});
