import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { missingForMemory, runOutOfMemory } from "./eat-memory.ts";

describe.skipIf(missingForMemory() !== undefined)("want of memory", () => {
  test("ends the process it is meant for, by the kernel, and leaves no group", async () => {
    const victim = spawn("sleep", ["60"]);
    await once(victim, "spawn");
    const ended = once(victim, "exit");
    await runOutOfMemory(victim.pid ?? 0);
    expect(await ended).toEqual([null, "SIGKILL"]);
  });
});
