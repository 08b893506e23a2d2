import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { awaitLine } from "./await-line.ts";

function saying(script: string) {
  const child = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  const wait = (withinMs: number) =>
    awaitLine(child, { who: "the shop", line: "open", withinMs, text: () => text });
  return { child, wait };
}

const LONG_MS = 25_000;

test("is over when the line has been said", async () => {
  const { child, wait } = saying("echo closed; echo open; exec sleep 60");
  await wait(LONG_MS);
  expect(child.exitCode).toBe(null);
  child.kill("SIGKILL");
  await once(child, "exit");
});

test.each([
  ["by itself", "echo no bread; exit 0"],
  ["by a signal", "echo no bread; kill -9 $$"],
])("throws what was said before a process ended %s", async (_how, script) => {
  const { wait } = saying(script);
  await expect(wait(LONG_MS)).rejects.toThrow("the shop ended before it was ready:\nno bread\n");
});

test("kills a process that is too late", async () => {
  const { child, wait } = saying("exec sleep 60");
  const ended = once(child, "exit");
  await expect(wait(0)).rejects.toThrow("the shop was not ready within 0 ms");
  expect(await ended).toEqual([null, "SIGKILL"]);
});
