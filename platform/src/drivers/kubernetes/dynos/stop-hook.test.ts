import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { makeStopHook } from "./stop-hook.ts";

const [shell = "", ...args] = makeStopHook().preStop.exec.command;

test("is what a plain shell understands", () => {
  expect(shell).toBe("/bin/sh");
  expect(spawnSync(shell, ["-n", ...args.slice(0, 2)]).stderr.toString()).toBe("");
});

test("finds nothing to end where there is nothing to be read", async () => {
  const script = (args[1] ?? "").replaceAll("/proc", "/nowhere");
  const child = spawn(shell, ["-c", script], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stdout.on("data", (piece) => {
    said += piece;
  });
  child.stderr.on("data", (piece) => {
    said += piece;
  });
  expect(await once(child, "close")).toEqual([0, null]);
  expect(said).toBe("");
});
