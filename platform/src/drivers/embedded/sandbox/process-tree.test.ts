import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test, vi } from "vitest";
import {
  argumentsOf,
  childrenOf,
  isBeingKilled,
  killPends,
  processTree,
  residentBytes,
  sessionOf,
  startTimeOf,
} from "./process-tree.ts";

test("a tree has children, their children, and an end", async () => {
  const child = spawn("sh", ["-c", "sleep 60 & echo $!; wait"], { stdio: ["ignore", "pipe", "ignore"] });
  const [text] = (await once(child.stdout, "data")) as [Buffer];
  const [pid, grandchild] = [child.pid as number, Number(text.toString())];
  expect(processTree(pid)).toEqual([pid, grandchild]);
  expect(processTree(process.pid)).toEqual(expect.arrayContaining([process.pid, pid, grandchild]));
  expect(childrenOf(pid)).toEqual([grandchild]);
  expect(residentBytes(pid)).toBeGreaterThan(0);
  // Until the program has begun it is a copy of its shell.
  await vi.waitFor(() => expect(argumentsOf(grandchild)).toEqual(["sleep", "60"]));
  const started = startTimeOf(pid);
  expect(started).toMatch(/^\d+$/);
  expect(startTimeOf(pid)).toBe(started);
  process.kill(grandchild);
  await once(child, "exit");
  expect(childrenOf(pid)).toBeUndefined();
  expect(processTree(pid)).toEqual([]);
  expect(startTimeOf(pid)).toBeUndefined();
  expect(residentBytes(pid)).toBe(0);
  expect(argumentsOf(pid)).toEqual([]);
});

test("a session is named by who began it, whatever the program is called", async () => {
  const line = "exec -a 'a) S 1 2 3' sleep 60 & echo $!; wait";
  const child = spawn("bash", ["-c", line], { stdio: ["ignore", "pipe", "ignore"], detached: true });
  const [text] = (await once(child.stdout, "data")) as [Buffer];
  const member = Number(text.toString());
  expect(sessionOf(child.pid as number)).toBe(child.pid);
  expect(sessionOf(member)).toBe(child.pid);
  expect(sessionOf(process.pid)).not.toBe(child.pid);
  process.kill(member);
  await once(child, "exit");
  expect(sessionOf(child.pid as number)).toBeUndefined();
});

test("a process that was sent SIGKILL is as good as gone, whatever else pends", () => {
  const status = (pending: string) =>
    `SigPnd:\t0000000000000000\nShdPnd:\t${pending}\nSigBlk:\t0000000000000100\n`;
  expect(killPends(status("0000000000000100"))).toBe(true);
  expect(killPends(status("8000000000004300"))).toBe(true);
  expect(killPends(status("0000000000004002"))).toBe(false);
  expect(killPends("")).toBe(false);
  expect(isBeingKilled(process.pid)).toBe(false);
});
