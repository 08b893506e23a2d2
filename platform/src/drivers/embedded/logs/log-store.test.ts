import { mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LogLine, silentLogger, systemClock } from "../../../kernel/index.ts";
import { DEFAULT_INTAKE, type ReadLine } from "../../../observe/log/index.ts";
import { describeLogStore } from "../../../observe/log/log-store-suite.ts";
import { type LogStore, type LogStoreLimits, openLogStore } from "./log-store.ts";

let folder = "";
const stores: LogStore[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "conifer-logs-"));
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.stop();
  await rm(folder, { recursive: true, force: true });
});

function open(limits: Partial<LogStoreLimits> = {}, at = folder): LogStore {
  const store = openLogStore({
    folder: at,
    now: systemClock,
    logger: silentLogger,
    limits: { flushMs: 2, ...limits },
  });
  stores.push(store);
  return store;
}

describeLogStore("on disk", () => ({
  open: async ({ intake, tail }) =>
    open({ intake: { ...DEFAULT_INTAKE, ...intake }, ...(tail ? { tail } : {}) }),
  close: async () => {},
}));

const idOf = (app: number) => `11111111-1111-4111-8111-${String(app).padStart(12, "0")}`;
const APP = idOf(1);
const lineOf = (message: string, appId = APP): LogLine => ({
  appId,
  time: new Date("2026-01-02T03:04:05.678Z"),
  source: "heroku",
  process: "router",
  message,
});

async function messagesOf(store: LogStore, appId = APP, lines = 1_500): Promise<string[]> {
  const messages: string[] = [];
  const query = { appId, filter: {}, lines, tail: false };
  for await (const line of store.read(query, new AbortController().signal)) messages.push(line.message);
  return messages;
}

async function until(isTrue: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error("it did not come true within ten seconds");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const filesOf = (appId = APP) => readdir(join(folder, appId)).catch((): string[] => []);
async function bytesOf(appId: string): Promise<number> {
  const files = await filesOf(appId);
  const sizeOf = (file: string) =>
    stat(join(folder, appId, file)).then(
      ({ size }) => size,
      () => 0,
    );
  return (await Promise.all(files.map(sizeOf))).reduce((sum, size) => sum + size, 0);
}

/** Text that zstd cannot make small. */
function noise(length: number, seed: number): string {
  let state = seed * 2_654_435_761 + 1;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, length);
}

describe("the disk store", () => {
  it("writes in the background and has everything after a restart", async () => {
    const store = open();
    for (let i = 0; i < 100; i++) store.write(lineOf(`line ${i}`));
    await until(async () => (await filesOf()).length === 1);
    await store.stop();
    await store.stop();
    const again = open();
    again.write(lineOf("line 100"));
    expect(await messagesOf(again)).toEqual(Array.from({ length: 101 }, (_, i) => `line ${i}`));
  });

  it("seals full segments and keeps within the app's bytes, but never less than the newest lines", async () => {
    const retention = { bytes: 60_000, ageMs: 1e9, lines: 100 };
    const store = open({ segmentBytes: 20_000, retention });
    for (let i = 0; i < 1_000; i++) {
      store.write(lineOf(`${i} ${noise(300, i)}`));
      if (i % 20 === 0) await store.synced();
    }
    await store.synced();
    await until(
      async () =>
        (await bytesOf(APP)) < 90_000 && (await filesOf()).filter((f) => f.endsWith(".log")).length === 1,
    );
    const messages = await messagesOf(store);
    expect(messages.length).toBeGreaterThanOrEqual(100);
    expect(messages.length).toBeLessThan(500);
    expect(messages.at(-1)).toMatch(/^999 /);
    const numbers = messages.map((message) => Number.parseInt(message, 10));
    expect(numbers).toEqual(numbers.map((_, i) => 1_000 - numbers.length + i));
  });

  it("takes from the largest app when all apps together need too much", async () => {
    const retention = { bytes: 1_000_000, ageMs: 1e9, lines: 10 };
    const store = open({ segmentBytes: 10_000, retention, totalBytes: 60_000, sweepMs: 20 });
    for (let i = 0; i < 500; i++) {
      store.write(lineOf(`${i} ${noise(300, i)}`));
      if (i < 20) store.write(lineOf(`${i} ${noise(300, i)}`, idOf(2)));
      if (i % 20 === 0) await store.synced();
    }
    await store.stop();
    const again = open({ segmentBytes: 10_000, retention, totalBytes: 60_000, sweepMs: 5 });
    await until(async () => (await bytesOf(APP)) + (await bytesOf(idOf(2))) <= 60_000);
    expect((await messagesOf(again, idOf(2))).length).toBe(20);
    expect((await messagesOf(again)).at(-1)).toMatch(/^499 /);
  });

  it("seals what has rested for a while, and removes what is too old", async () => {
    const store = open();
    for (let i = 0; i < 3_000; i++) store.write(lineOf(`line ${i}`));
    await store.stop();
    const [file = ""] = await filesOf();
    const old = new Date(Date.now() - 8 * 86_400_000);
    await utimes(join(folder, APP, file), old, old);
    const again = open({ sweepMs: 5 });
    await until(async () => (await filesOf()).join() === "0000000000000001.3000.zst");
    for (let i = 3_000; i < 5_000; i++) again.write(lineOf(`line ${i}`));
    await again.stop();
    const last = open({ sweepMs: 5 });
    await until(async () => (await filesOf()).join() === "0000000000003001.log");
    expect((await messagesOf(last)).length).toBe(1_500);
  });

  it("serves many apps with few open files, and lets go of those nobody uses", async () => {
    const store = open({ openFiles: 4, sweepMs: 10 });
    const apps = Array.from({ length: 200 }, (_, app) => idOf(app));
    const filesOpen = async () => (await readdir("/proc/self/fd")).length;
    const before = await filesOpen();
    for (let round = 0; round < 3; round++) {
      for (const appId of apps) store.write(lineOf(`round ${round}`, appId));
      await store.synced();
      expect(await filesOpen()).toBeLessThan(before + 20);
    }
    await until(async () => (await filesOpen()) <= before);
    for (const appId of apps) store.write(lineOf("round 3", appId));
    for (const appId of apps)
      expect(await messagesOf(store, appId)).toEqual([0, 1, 2, 3].map((round) => `round ${round}`));
  });

  it("goes on when the disk does not take lines: tails get them, and the log tells how many it lost", async () => {
    const store = open({ segmentBytes: 1 });
    store.write(lineOf("first"));
    const end = new AbortController();
    const query = { appId: APP, filter: {}, lines: 10, tail: true };
    const seen: ReadLine[] = [];
    const reading = (async () => {
      for await (const line of store.read(query, end.signal)) seen.push(line);
    })();
    await until(() => seen.length === 1);
    await rm(join(folder, APP), { recursive: true });
    await writeFile(join(folder, APP), "no folder can be here");
    for (let i = 0; i < 5; i++) store.write(lineOf(`lost ${i}`));
    await until(() => seen.length === 6);
    expect(seen.map(({ position }) => position)).toEqual([1, ...Array(5).fill(undefined)]);
    await expect(messagesOf(store)).rejects.toThrow(/ENOTDIR/);
    await rm(join(folder, APP));
    store.write(lineOf("kept"));
    await store.synced();
    const [kept, told] = await messagesOf(store);
    expect(kept).toBe("kept");
    expect(told).toMatch(/^Error L13 \(Local delivery error\): 5 messages lost since /);
    end.abort();
    await reading;
  });

  it("does not let an app's id name a folder elsewhere", async () => {
    const store = open();
    store.write(lineOf("x", "../elsewhere"));
    store.countDropped("../elsewhere", "web.1", 1);
    expect(store.hasRoom("../elsewhere", "web.1")).toBe(true);
    await store.synced();
    expect(await readdir(folder)).toEqual([]);
    await expect(store.forget("..")).rejects.toThrow(/cannot be the id/);
  });

  it("writes nothing and holds no timer for apps that are only read", async () => {
    const store = open();
    expect(await messagesOf(store)).toEqual([]);
    await store.synced();
    expect(await readdir(folder)).toEqual([]);
  });
});
