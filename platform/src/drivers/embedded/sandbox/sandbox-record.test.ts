import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { processTree, startTimeOf } from "./process-tree.ts";
import { removeRemains, writeRecord } from "./sandbox-record.ts";

let parent: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "conifer-record-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(parent, { recursive: true, force: true });
});

/** A process that has begun, with one below it. */
async function begin(): Promise<{ child: ChildProcess; pid: number; below: number }> {
  const child = spawn("sh", ["-c", "sleep 60 & echo $!; wait; exit 3"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(child);
  const [text] = (await once(child.stdout as NonNullable<typeof child.stdout>, "data")) as [Buffer];
  return { child, pid: child.pid as number, below: Number(text.toString()) };
}

function sandbox(name: string): string {
  const directory = join(parent, name);
  mkdirSync(directory);
  return directory;
}

test("a sandbox of a killed process is ended with all below it, and removed with its groups", async () => {
  const { child, below } = await begin();
  const directory = sandbox("d1");
  const group = sandbox(".group");
  writeRecord(directory, child.pid, [group]);
  expect(statSync(join(directory, "sandbox.json")).mode & 0o777).toBe(0o600);
  const exit = once(child, "exit");
  await removeRemains(parent);
  expect((await exit)[1]).toBe("SIGKILL");
  expect(startTimeOf(below)).toBeUndefined();
  expect([directory, group].map(existsSync)).toEqual([false, false]);
});

test("a process that has another's id by now is not touched", async () => {
  const { pid, below } = await begin();
  const directory = sandbox("d1");
  writeRecord(directory, pid, []);
  const file = join(directory, "sandbox.json");
  const record = JSON.parse(readFileSync(file, "utf8")) as { startTime: string };
  writeFileSync(file, JSON.stringify({ ...record, startTime: String(Number(record.startTime) - 1) }));
  await removeRemains(parent);
  expect(existsSync(directory)).toBe(false);
  expect(processTree(pid)).toEqual([pid, below]);
  process.kill(below);
});

test.each([
  ["without a record", undefined],
  ["with half a record", '{"pid":'],
  ["that never had a process", '{"cgroups":[]}'],
])("a folder %s is only removed", async (_what, text) => {
  const directory = sandbox("d1");
  if (text !== undefined) writeFileSync(join(directory, "sandbox.json"), text);
  await removeRemains(parent);
  expect(existsSync(directory)).toBe(false);
});

test("what all sandboxes share stays, and no folder at all is fine", async () => {
  const shared = sandbox(".shared");
  await removeRemains(parent);
  expect(existsSync(shared)).toBe(true);
  await removeRemains(join(parent, "nowhere"));
});
