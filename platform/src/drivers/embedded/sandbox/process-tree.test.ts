import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { argumentsOf, childrenOf, processTree, residentBytes, startTimeOf } from "./process-tree.ts";

test("a tree has children, their children, and an end", async () => {
  const child = spawn("sh", ["-c", "sleep 60 & echo $!; wait"], { stdio: ["ignore", "pipe", "ignore"] });
  const [text] = (await once(child.stdout, "data")) as [Buffer];
  const [pid, grandchild] = [child.pid as number, Number(text.toString())];
  expect(processTree(pid)).toEqual([pid, grandchild]);
  expect(processTree(process.pid)).toEqual(expect.arrayContaining([process.pid, pid, grandchild]));
  expect(childrenOf(pid)).toEqual([grandchild]);
  expect(residentBytes(pid)).toBeGreaterThan(0);
  expect(argumentsOf(grandchild)).toEqual(["sleep", "60"]);
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
