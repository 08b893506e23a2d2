import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  claimHome,
  HomeTaken,
  isAlive,
  markProcess,
  type ProcessMark,
  readRecord,
} from "./supervisor-instance.ts";

let folder: string;
let pidFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-instance-"));
  pidFile = join(folder, "supervisor.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

function sleeper(): ProcessMark {
  const child = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
  child.unref();
  const mark = markProcess(child.pid ?? 0);
  if (!mark) throw new Error("sleep did not start");
  return mark;
}

const leave = (record: object) => writeFileSync(pidFile, JSON.stringify(record));
const boot = async () => {
  const claim = await claimHome(join(folder, "other.json"));
  const found = readRecord(join(folder, "other.json"))?.boot;
  claim.release();
  return found;
};

test("a claim tells who has the home, and its release leaves nothing", async () => {
  const claim = await claimHome(pidFile);
  expect(readRecord(pidFile)).toMatchObject({ pid: process.pid, children: {} });
  claim.release();
  claim.release();
  expect(readdirSync(folder)).toEqual([]);
});

test("a living instance is named, and stays", async () => {
  const claim = await claimHome(pidFile);
  await expect(claimHome(pidFile)).rejects.toThrow(HomeTaken);
  await expect(claimHome(pidFile)).rejects.toThrow(`process ${process.pid}`);
  expect(readRecord(pidFile)?.pid).toBe(process.pid);
  claim.release();
});

test("children are remembered", async () => {
  const claim = await claimHome(pidFile);
  claim.record("host", process.pid);
  claim.record("router", 2 ** 22 + 1);
  expect(readRecord(pidFile)?.children).toEqual({ host: markProcess(process.pid) });
  claim.release();
});

test("what a dead instance left running is ended", async () => {
  const host = sleeper();
  leave({ pid: process.pid, startTime: "1", boot: await boot(), children: { host } });
  const claim = await claimHome(pidFile);
  expect(isAlive(host)).toBe(false);
  claim.release();
});

test("a process that only took over an old id is let alone", async () => {
  const stranger = sleeper();
  const children = { host: { pid: stranger.pid, startTime: "1" } };
  leave({ pid: process.pid, startTime: "1", boot: await boot(), children });
  const claim = await claimHome(pidFile);
  expect(isAlive(stranger)).toBe(true);
  process.kill(stranger.pid, "SIGKILL");
  claim.release();
});

test("marks of an earlier boot mean nothing", async () => {
  const self = markProcess(process.pid);
  const stranger = sleeper();
  leave({ ...self, boot: "an earlier one", children: { host: stranger } });
  const claim = await claimHome(pidFile);
  expect(isAlive(stranger)).toBe(true);
  process.kill(stranger.pid, "SIGKILL");
  claim.release();
});

test.each(["", "{", "[]", '{"pid":"x"}'])("a record that cannot be read is no instance: %j", async (text) => {
  writeFileSync(pidFile, text);
  const claim = await claimHome(pidFile);
  expect(readRecord(pidFile)?.pid).toBe(process.pid);
  claim.release();
});
