import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LogLine } from "../../kernel/index.ts";
import { formatLine } from "./line-format.ts";
import type { IntakeLimits } from "./line-intake.ts";
import type { BudgetedLogSink, LogQuery, LogReader, ReadLine } from "./log-ports.ts";
import type { TailLimits } from "./tail-buffer.ts";

export interface SuiteLimits {
  readonly intake?: Partial<IntakeLimits>;
  readonly tail?: TailLimits;
}

/** What the suite needs of a log store: its ports, and a way to wait until what was written can be read. */
export interface SuiteStore extends BudgetedLogSink, LogReader {
  synced(): Promise<void>;
}

export interface SuiteDriver {
  open(limits: SuiteLimits): Promise<SuiteStore>;
  close(): Promise<void>;
}

const APP = "11111111-1111-4111-8111-111111111111";
const OTHER = "22222222-2222-4222-8222-222222222222";
const TIME = new Date("2026-01-02T03:04:05.678Z");

export function lineOf(message: string, change: Partial<LogLine> = {}): LogLine {
  return { appId: APP, time: TIME, source: "app", process: "web.1", message, ...change };
}

const query = (change: Partial<LogQuery> = {}): LogQuery => ({
  appId: APP,
  filter: {},
  lines: 1_500,
  tail: false,
  ...change,
});

async function history(store: SuiteStore, change: Partial<LogQuery> = {}): Promise<ReadLine[]> {
  const lines: ReadLine[] = [];
  for await (const line of store.read(query(change), new AbortController().signal)) lines.push(line);
  return lines;
}

const messages = (lines: readonly ReadLine[]) => lines.map(({ message }) => message);

/** Reads a tail until a line satisfies `isLast`; fails when that takes longer than five seconds. */
async function readUntil(
  store: SuiteStore,
  isLast: (line: ReadLine) => boolean,
  change: Partial<LogQuery> = {},
): Promise<ReadLine[]> {
  const lines: ReadLine[] = [];
  for await (const line of store.read(query({ tail: true, ...change }), AbortSignal.timeout(5_000))) {
    lines.push(line);
    if (isLast(line)) return lines;
  }
  throw new Error(`the tail ended after ${lines.length} lines, the last one: ${lines.at(-1)?.message}`);
}

/** What every log store does. */
export function describeLogStore(name: string, makeDriver: () => SuiteDriver): void {
  describe(`log store: ${name}`, () => {
    let driver: SuiteDriver;
    beforeEach(() => {
      driver = makeDriver();
    });
    afterEach(() => driver.close());
    describe("history", () => historyTests((limits = {}) => driver.open(limits)));
    describe("tail", () => tailTests((limits = {}) => driver.open(limits)));
    describe("limits", () => limitTests((limits = {}) => driver.open(limits)));
  });
}

type Open = (limits?: SuiteLimits) => Promise<SuiteStore>;

function historyTests(open: Open): void {
  it("is empty for an app that never logged", async () => {
    expect(await history(await open())).toEqual([]);
  });

  it("gives lines back as they were written, in order, with growing positions", async () => {
    const store = await open();
    store.write(lineOf("one"));
    store.write(lineOf("Release v5 created by user a@b.c", { process: "api" }));
    store.write(lineOf("at=info", { source: "heroku", process: "router" }));
    await store.synced();
    const lines = await history(store);
    expect(lines.map(formatLine)).toEqual([
      "2026-01-02T03:04:05.678000+00:00 app[web.1]: one",
      "2026-01-02T03:04:05.678000+00:00 app[api]: Release v5 created by user a@b.c",
      "2026-01-02T03:04:05.678000+00:00 heroku[router]: at=info",
    ]);
    expect(lines.every((line) => line.appId === APP && line.time.getTime() === TIME.getTime())).toBe(true);
    const positions = lines.map(({ position }) => position ?? 0);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
  });

  it("sees lines that were written just before", async () => {
    const store = await open();
    store.write(lineOf("now"));
    expect(messages(await history(store))).toEqual(["now"]);
  });

  it("keeps apps apart", async () => {
    const store = await open();
    store.write(lineOf("mine"));
    store.write(lineOf("theirs", { appId: OTHER }));
    expect(messages(await history(store))).toEqual(["mine"]);
    expect(messages(await history(store, { appId: OTHER }))).toEqual(["theirs"]);
  });

  it("gives the newest lines when there are more than asked for", async () => {
    const store = await open();
    for (let i = 0; i < 2_000; i++) store.write(lineOf(`line ${i}`));
    expect(messages(await history(store, { lines: 3 }))).toEqual(["line 1997", "line 1998", "line 1999"]);
    expect(await history(store, { lines: 0 })).toEqual([]);
    expect((await history(store)).length).toBe(1_500);
  });

  it("filters by source, dyno and process type before it counts", async () => {
    const store = await open();
    for (const process of ["web.1", "web.2", "worker.1"])
      for (const source of ["app", "heroku"] as const)
        store.write(lineOf(`${source} ${process}`, { source, process }));
    const found = async (filter: LogQuery["filter"], lines = 100) =>
      messages(await history(store, { filter, lines }));
    expect(await found({ source: "heroku" }, 2)).toEqual(["heroku web.2", "heroku worker.1"]);
    expect(await found({ dyno: "web.2" })).toEqual(["app web.2", "heroku web.2"]);
    expect(await found({ processType: "web", source: "app" })).toEqual(["app web.1", "app web.2"]);
    expect(await found({ dyno: "worker" })).toEqual(["app worker.1", "heroku worker.1"]);
    expect(await found({ processType: "we" })).toEqual([]);
  });

  it("makes one line of each line of a message", async () => {
    const store = await open();
    store.write(lineOf("a\n  b\r\n\nc\n", { process: "web 1]" }));
    const lines = await history(store);
    expect(messages(lines)).toEqual(["a", "  b", "", "c"]);
    expect(lines[0]?.process).toBe("web_1_");
  });

  it("forgets an app's log and goes on with a new one", async () => {
    const store = await open();
    store.write(lineOf("old"));
    store.write(lineOf("other", { appId: OTHER }));
    await store.synced();
    await store.forget(APP);
    expect(await history(store)).toEqual([]);
    store.write(lineOf("new"));
    expect(messages(await history(store))).toEqual(["new"]);
    expect(messages(await history(store, { appId: OTHER }))).toEqual(["other"]);
    await store.forget("33333333-3333-4333-8333-333333333333");
  });
}

function tailTests(open: Open): void {
  it("goes on behind the history, without loss and without repeats, while lines are written", async () => {
    const store = await open({ tail: { lines: 100_000, characters: 100_000_000 } });
    let next = 0;
    const writing = new AbortController();
    const write = async () => {
      while (next < 20_000 && !writing.signal.aborted) {
        for (let i = 0; i < 50; i++) store.write(lineOf(`line ${next++}`, { source: "heroku" }));
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const done = write();
    const reads = [10, 500, 1_500].map((lines) =>
      readUntil(store, ({ message }) => message === "line 19999", { lines }),
    );
    for (const lines of await Promise.all(reads)) {
      const numbers = lines.map(({ message }) => Number(message.split(" ")[1]));
      const gap = numbers.findIndex((number, i) => number !== (numbers[0] ?? 0) + i);
      expect(gap, `${numbers[gap - 1]} is followed by ${numbers[gap]}`).toBe(-1);
    }
    writing.abort();
    await done;
  });

  it("brings only lines that pass the filter", async () => {
    const store = await open();
    const reading = readUntil(store, ({ message }) => message === "end", { filter: { source: "heroku" } });
    for (let i = 0; i < 10; i++) store.write(lineOf(`app ${i}`));
    store.write(lineOf("end", { source: "heroku" }));
    expect(messages(await reading)).toEqual(["end"]);
  });

  it("resumes behind a position", async () => {
    const store = await open();
    for (let i = 0; i < 10; i++) store.write(lineOf(`line ${i}`));
    await store.synced();
    const after = (await history(store))[6]?.position ?? 0;
    expect(messages(await history(store, { after, lines: 1 }))).toEqual(["line 7", "line 8", "line 9"]);
    const reading = readUntil(store, ({ message }) => message === "end", { after });
    store.write(lineOf("end"));
    expect(messages(await reading)).toEqual(["line 7", "line 8", "line 9", "end"]);
  });

  it("ends when the signal aborts", async () => {
    const store = await open();
    const end = new AbortController();
    const lines = store.read(query({ tail: true }), end.signal)[Symbol.asyncIterator]();
    const waiting = lines.next();
    end.abort();
    expect((await waiting).done).toBe(true);
    const aborted = store.read(query({ tail: true }), AbortSignal.abort())[Symbol.asyncIterator]();
    expect((await aborted.next()).done).toBe(true);
  });

  it("tells a slow reader with L11 how many lines it lost, and goes on with the newest", async () => {
    const store = await open({ tail: { lines: 100, characters: 1_000_000 } });
    store.write(lineOf("first"));
    const signal = AbortSignal.timeout(5_000);
    const lines = store.read(query({ tail: true, lines: 1 }), signal)[Symbol.asyncIterator]();
    expect((await lines.next()).value.message).toBe("first");
    for (let i = 0; i < 1_000; i++) store.write(lineOf(`line ${i}`));
    await store.synced();
    const told = (await lines.next()).value;
    expect(formatLine(told)).toMatch(
      / heroku\[logplex\]: Error L11 \(Tail buffer overflow\) -> This tail session dropped 900 messages since 20/,
    );
    expect(told.position).toBeUndefined();
    expect((await lines.next()).value.message).toBe("line 900");
    await lines.return?.();
  });
}

function limitTests(open: Open): void {
  it("tells with L12 how many lines of a flooding dyno were dropped, and spares the others", async () => {
    const store = await open({ intake: { rates: { linesPerSecond: 0.001, burst: 100 } } });
    for (let i = 0; i < 500; i++) store.write(lineOf(`flood ${i}`));
    store.write(lineOf("calm", { process: "web.2" }));
    store.write(lineOf("Scaled", { process: "web.1", source: "heroku" }));
    expect(store.hasRoom(APP, "web.1")).toBe(false);
    expect(store.hasRoom(APP, "web.2")).toBe(true);
    store.countDropped(APP, "web.1", 50);
    await store.synced();
    const lines = await history(store);
    expect(messages(lines).filter((message) => message.startsWith("flood")).length).toBe(100);
    expect(messages(lines)).toContain("calm");
    expect(messages(lines)).toContain("Scaled");
    expect(formatLine(lines.at(-1) as ReadLine)).toMatch(
      / heroku\[web\.1\]: Error L12 \(Local buffer overflow\): 450 messages dropped since 20.*\+00:00\.$/,
    );
  });

  it("counts a line by its size as well", async () => {
    const store = await open({ intake: { rates: { linesPerSecond: 0.001, burst: 10 } } });
    store.write(lineOf("x".repeat(9_500)));
    expect(store.hasRoom(APP, "web.1")).toBe(false);
  });
}
