import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pause, silentLogger, systemClock } from "../kernel/index.ts";
import { type OwnLog, openOwnLog } from "./own-log.ts";
import {
  type ChildOptions,
  type KeptChild,
  keepChild,
  restartDelayMs,
  wordsForPeople,
} from "./supervisor-child.ts";

describe("how long to wait before a start", () => {
  test.each([
    [1, 0],
    [2, 100],
    [3, 200],
    [4, 400],
    [8, 5_000],
    [1_000, 5_000],
  ])("after %i ends in a row: %i ms", (ends, delay) => {
    expect(restartDelayMs(ends)).toBe(delay);
  });
});

describe("last words", () => {
  const log = '{"time":"2026-01-01T00:00:00.000Z","level":"error","message":"could not start"}';
  test.each([
    ["a sentence beside log lines", `${log}\nconifer host: no disk\n${log}\n`, "conifer host: no disk"],
    ["log lines only", `${log}\n${log}\n`, `${log}\n${log}`],
    ["a stack", "Error: x\n    at y\n", "Error: x\n    at y"],
    ["nothing", "", ""],
  ])("%s", (_name, text, expected) => {
    expect(wordsForPeople(text)).toBe(expected);
  });
});

describe("a kept process", () => {
  let folder: string;
  let log: OwnLog;
  let child: KeptChild | undefined;
  const pids: number[] = [];
  const changes: string[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "conifer-child-"));
    const bounds = { fileBytes: 1_000_000, files: 2 };
    log = openOwnLog({ path: join(folder, "log"), role: "control", now: systemClock, ...bounds });
    pids.length = 0;
    changes.length = 0;
  });
  afterEach(async () => {
    child?.kill();
    await child?.ended;
    await log.close();
    rmSync(folder, { recursive: true });
  });

  const keep = (script: string, given: Partial<ChildOptions> = {}) => {
    child = keepChild({
      role: "control",
      command: process.execPath,
      args: ["-e", script],
      env: { PATH: process.env.PATH },
      log,
      logger: silentLogger,
      readyWithinMs: 10_000,
      started: (pid) => pids.push(pid),
      changed: (change) => changes.push(change),
      ...given,
    });
    return child;
  };
  const until = async (condition: () => boolean) => {
    for (let tries = 0; !condition() && tries < 2_000; tries++) await pause(5);
    expect(condition()).toBe(true);
  };
  const SERVES = "process.send({ready: true, isolation: []}); setInterval(() => {}, 1000);";

  test("it tells when it is ready, with what the process said", async () => {
    expect(await keep(SERVES).ready).toEqual({ ready: true, isolation: [] });
  });

  test("it is started again when it ends, and that is told", async () => {
    await keep(SERVES).ready;
    process.kill(pids[0] ?? 0, "SIGKILL");
    await until(() => changes.length === 2);
    expect(changes).toEqual(["ended", "back"]);
    expect(pids).toHaveLength(2);
  });

  test("after end it is not started again, and ending twice is ending once", async () => {
    await keep(SERVES).ready;
    child?.end("SIGTERM");
    child?.end("SIGTERM");
    await child?.ended;
    expect(pids).toHaveLength(1);
    expect(changes).toEqual([]);
  });

  test("one that ends before it is ready is not started again; its last words are the reason", async () => {
    await expect(keep("console.error('no disk'); process.exitCode = 4").ready).rejects.toThrow(
      /control did not start: it ended with status 4\n {2}no disk/,
    );
    expect(pids).toHaveLength(1);
  });

  test("one that never becomes ready is killed", async () => {
    const waits = "setInterval(() => {}, 1000);";
    await expect(keep(waits, { readyWithinMs: 100 }).ready).rejects.toThrow(/not ready within 100 ms/);
  });

  test("a program that does not exist is a failed start", async () => {
    await expect(keep("", { command: join(folder, "nothing") }).ready).rejects.toThrow(/ENOENT/);
  });

  test("what it says that is not ready is not taken for it", async () => {
    const ready = keep(`process.send("ready"); process.send({ready: 1}); ${SERVES}`).ready;
    expect(await ready).toEqual({ ready: true, isolation: [] });
  });
});
