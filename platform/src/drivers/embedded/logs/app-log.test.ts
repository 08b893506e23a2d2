import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import { DEFAULT_INTAKE, DEFAULT_TAIL_LIMITS, type LogQuery } from "../../../observe/log/index.ts";
import { type AppLog, type AppLogOptions, makeAppLog } from "./app-log.ts";
import type { LogBatch } from "./log-followers.ts";

let root = "";
let nowMs = 0;
let written = 0;
const logs: AppLog[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "conifer-app-log-"));
  nowMs = Date.parse("2026-01-02T03:04:05.678Z");
  written = 0;
});
afterEach(async () => {
  for (const log of logs.splice(0)) await log.rest();
  await rm(root, { recursive: true, force: true });
});

function makeLog(change: Partial<AppLogOptions> = {}): AppLog {
  const log = makeAppLog({
    appId: "a",
    folder: join(root, "a"),
    now: () => new Date(nowMs),
    logger: silentLogger,
    intake: DEFAULT_INTAKE,
    tail: DEFAULT_TAIL_LIMITS,
    segmentBytes: 1_000_000,
    onWritten: () => {
      written++;
    },
    ...change,
  });
  logs.push(log);
  return log;
}

function take(log: AppLog, ...messages: string[]): void {
  const line = { appId: "a", time: new Date(nowMs), source: "heroku", process: "router" } as const;
  for (const message of messages) log.intake.take({ ...line, message });
}

const query = (change: Partial<LogQuery> = {}): LogQuery => ({
  appId: "a",
  filter: {},
  lines: 100,
  tail: false,
  ...change,
});

async function batchesOf(log: AppLog, change: Partial<LogQuery> = {}): Promise<LogBatch[]> {
  const batches: LogBatch[] = [];
  for await (const batch of log.read(query(change), new AbortController().signal)) batches.push(batch);
  return batches;
}

const messages = (batches: readonly LogBatch[]) =>
  batches.flatMap(({ lines }) => lines.map(({ message }) => message));

describe("an app's log", () => {
  it("says in its first batch where it began, even when nothing was ever written", async () => {
    const log = makeLog();
    expect(await batchesOf(log)).toEqual([{ lines: [], position: 0 }]);
    take(log, "one", "two");
    expect((await batchesOf(log, { lines: 0 }))[0]).toEqual({ lines: [], position: 2 });
    expect((await batchesOf(log, { filter: { dyno: "web.1" } }))[0]).toEqual({ lines: [], position: 2 });
  });

  it("tells its owner of every write, by a flush or by a reader", async () => {
    const log = makeLog();
    await log.flush();
    expect(written).toBe(0);
    take(log, "one");
    await log.flush();
    take(log, "two");
    await batchesOf(log);
    expect(written).toBe(2);
  });

  it("tries a disk that failed again a second later, not at once", async () => {
    const log = makeLog();
    await writeFile(join(root, "a"), "no folder can be here");
    take(log, "lost");
    await log.flush();
    await rm(join(root, "a"));
    take(log, "kept");
    await log.flush();
    nowMs += 999;
    await log.flush();
    expect(written).toBe(0);
    nowMs += 1;
    await log.flush();
    expect(written).toBe(1);
    expect(messages(await batchesOf(log))).toEqual([
      "kept",
      "Error L13 (Local delivery error): 1 messages lost since 2026-01-02T03:04:05.678000+00:00.",
    ]);
  });

  it("does not wait for that second when it is the last flush", async () => {
    const log = makeLog();
    await writeFile(join(root, "a"), "");
    take(log, "lost");
    await log.flush();
    await rm(join(root, "a"));
    take(log, "kept");
    await log.flush(true);
    expect(messages(await batchesOf(log)).length).toBe(2);
  });

  it("tells a reader that resumes too far back how many lines it does not get", async () => {
    const log = makeLog();
    for (let i = 1; i <= 12_000; i++) take(log, `line ${i}`);
    const [batch] = await batchesOf(log, { after: 500 });
    const [told, first] = batch?.lines ?? [];
    expect(told?.message).toMatch(/^Error L11 .* dropped 1500 messages since /);
    expect(told?.position).toBeUndefined();
    expect(first?.message).toBe("line 2001");
    expect(batch?.lines.length).toBe(10_001);
  });

  it("hands a reader that knows everything nothing", async () => {
    const log = makeLog();
    take(log, "one", "two");
    expect(messages(await batchesOf(log, { after: 2 }))).toEqual([]);
    expect(messages(await batchesOf(log, { after: 99 }))).toEqual([]);
  });

  it("is in use while it is read, while lines wait, and while it knows a process that wrote lately", async () => {
    const log = makeLog({ intake: { ...DEFAULT_INTAKE, rates: { linesPerSecond: 10, burst: 10 } } });
    expect(log.isInUse()).toBe(false);
    take(log, "waits");
    expect(log.isInUse()).toBe(true);
    await log.flush();
    expect(log.isInUse()).toBe(false);
    log.intake.take({ appId: "a", time: new Date(nowMs), source: "app", process: "web.1", message: "x" });
    await log.flush();
    expect(log.isInUse()).toBe(true);
    nowMs += 1_000;
    expect(log.isInUse()).toBe(false);
    const end = new AbortController();
    const reading = log.read(query({ tail: true }), end.signal);
    await reading.next();
    expect(log.isInUse()).toBe(true);
    await reading.return(undefined);
    expect(log.isInUse()).toBe(false);
  });

  it("retires only segments that are worth it", async () => {
    const log = makeLog();
    await log.retire(1);
    take(log, "small");
    await log.flush();
    await log.retire(1_000);
    take(log, "same segment");
    await log.flush();
    expect(log.isSealable()).toBe(false);
    await log.retire(10);
    await log.seal();
    take(log, "next segment");
    expect(messages(await batchesOf(log))).toEqual(["small", "same segment", "next segment"]);
  });

  it("throws away what waits when it is forgotten, and keeps its readers", async () => {
    const log = makeLog();
    take(log, "old");
    const end = new AbortController();
    const reading = log.read(query({ tail: true }), end.signal);
    expect((await reading.next()).value).toMatchObject({ lines: [{ message: "old" }] });
    take(log, "waits");
    await log.forget();
    take(log, "new");
    await log.flush();
    expect((await reading.next()).value).toMatchObject({ lines: [{ message: "new", position: 1 }] });
    end.abort();
    expect((await reading.next()).done).toBe(true);
  });

  it("reads a folder of another process's making, files that are not its own removed", async () => {
    await mkdir(join(root, "a", "strange"), { recursive: true });
    await writeFile(join(root, "a", "notes.txt"), "hello");
    const log = makeLog();
    take(log, "one");
    expect(messages(await batchesOf(log))).toEqual(["one"]);
  });
});
