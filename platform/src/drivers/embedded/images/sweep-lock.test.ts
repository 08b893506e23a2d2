import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeSweepLock } from "./sweep-lock.ts";

let root: string;
let path: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sweep-lock-"));
  path = join(root, "sweep.lock");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("is held by one, and by the next once it is released", async () => {
  const first = await takeSweepLock(path);
  expect(first?.takenMs).toBeLessThanOrEqual(Date.now());
  expect(await takeSweepLock(path)).toBeUndefined();
  await first?.release();
  expect(readdirSync(root)).toEqual([]);
  expect(await takeSweepLock(path)).toBeDefined();
});

test("goes to one of many who want it at once, also where the holder before has died", async () => {
  for (let round = 0; round < 10; round += 1) {
    writeFileSync(path, JSON.stringify({ token: "t", host: hostname(), pid: 999_999_999, began: "1" }));
    const taken = await Promise.all(Array.from({ length: 8 }, () => takeSweepLock(path)));
    const holders = taken.filter((one) => one !== undefined);
    expect(holders).toHaveLength(1);
    await holders[0]?.release();
    expect(readdirSync(root)).toEqual([]);
  }
});

test("one that many look at is never moved, also when they come late to that of a dead holder", async () => {
  const dead = JSON.stringify({ token: "t", host: hostname(), pid: 999_999_999, began: "1" });
  for (let round = 0; round < 30; round += 1) {
    writeFileSync(path, dead);
    const late = Array.from({ length: 6 }, async (_, i) => {
      for (let turn = 0; turn < i; turn += 1) await readFile(path).catch(() => {});
      const taken = await takeSweepLock(path);
      await taken?.beat();
      return taken;
    });
    const holders = (await Promise.all(late)).filter((one) => one !== undefined);
    expect(holders).toHaveLength(1);
    await holders[0]?.release();
  }
});

test("a takeover that was broken off is cleared away, and done by the next but one", async () => {
  const dead = JSON.stringify({ token: "t", host: hostname(), pid: 999_999_999, began: "1" });
  writeFileSync(path, dead);
  const mark = `${path}.${createHash("sha256").update(dead).digest("hex").slice(0, 32)}`;
  writeFileSync(mark, dead);
  expect(await takeSweepLock(path)).toBeUndefined();
  await (await takeSweepLock(path))?.release();
  expect(readdirSync(root)).toEqual([]);
});

test.each([
  ["of a process that has ended", { host: hostname(), pid: 999_999_999, began: "1" }, true],
  ["of a process whose number is another's now", { host: hostname(), pid: process.pid, began: "1" }, true],
  ["of another machine", { host: "elsewhere", pid: 1, began: "1" }, false],
])("a lock %s is taken over: %s", async (_what, holder, takenOver) => {
  writeFileSync(path, JSON.stringify({ token: "t", ...holder }));
  expect((await takeSweepLock(path)) !== undefined).toBe(takenOver);
});

test("a lock of another machine that is silent for long, and a damaged one, are taken over", async () => {
  writeFileSync(path, JSON.stringify({ token: "t", host: "elsewhere", pid: 1 }));
  const old = new Date(Date.now() - 11 * 60_000);
  utimesSync(path, old, old);
  await (await takeSweepLock(path))?.release();
  writeFileSync(path, "not json");
  expect(await takeSweepLock(path)).toBeDefined();
});

test("a holder who was taken for dead is told when it goes on, and releases nothing of another's", async () => {
  const first = await takeSweepLock(path);
  await first?.beat();
  const others = JSON.stringify({ token: "other", host: "elsewhere", pid: 1 });
  writeFileSync(path, others);
  await expect(first?.beat()).rejects.toThrow("taken this one for dead");
  await first?.release();
  expect(readFileSync(path, "utf8")).toBe(others);
});
