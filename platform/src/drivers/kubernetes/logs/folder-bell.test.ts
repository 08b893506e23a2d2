import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolderBell } from "./folder-bell.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-bell-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("rings once for any number of changes, and again only when it is armed again", async () => {
  let rings = 0;
  const bell = makeFolderBell(folder, () => rings++);
  expect(bell.arm()).toBe(true);
  expect(bell.arm()).toBe(true);
  for (let i = 0; i < 100; i++) appendFileSync(join(folder, "0.log"), "x");
  await expect.poll(() => rings).toBe(1);
  expect(bell.isArmed()).toBe(false);
  bell.arm();
  appendFileSync(join(folder, "0.log"), "x");
  await expect.poll(() => rings).toBe(2);
  bell.close();
  expect(bell.isArmed()).toBe(false);
});

test("cannot be armed on a folder that is not there, until it is", () => {
  const bell = makeFolderBell(join(folder, "pod"), () => {});
  expect(bell.arm()).toBe(false);
  expect(bell.isArmed()).toBe(false);
  mkdirSync(join(folder, "pod"));
  expect(bell.arm()).toBe(true);
  bell.close();
});

test("rings when its folder goes away", async () => {
  const gone = Promise.withResolvers<void>();
  mkdirSync(join(folder, "pod"));
  const bell = makeFolderBell(join(folder, "pod"), gone.resolve);
  bell.arm();
  rmSync(join(folder, "pod"), { recursive: true });
  await gone.promise;
  bell.close();
});
