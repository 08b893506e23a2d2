import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import type { AppLog } from "./app-log.ts";
import { type LogFlusher, makeLogFlusher, makeTicker } from "./log-flusher.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A log whose writing takes as long as the test wants; `events` tells what was done to it. */
function makeScriptedLog(name: string, events: string[]) {
  let waiting = 0;
  let gate: Promise<void> = Promise.resolve();
  let flusher: LogFlusher | undefined;
  let isSealable = false;
  const log = {
    intake: { waiting: () => waiting },
    isEmpty: () => waiting === 0,
    async flush() {
      if (waiting === 0) return;
      waiting = 0;
      await gate;
      events.push(`${name} written`);
      flusher?.written(log as unknown as AppLog);
    },
    async sync() {
      await gate;
      events.push(`${name} synced`);
    },
    async rest() {
      events.push(`${name} closed`);
    },
    isSealable: () => isSealable,
  };
  return {
    log: log as unknown as AppLog,
    use(of: LogFlusher) {
      flusher = of;
    },
    take(characters = 1) {
      waiting += characters;
      flusher?.touch(log as unknown as AppLog);
    },
    block(): () => void {
      let open = () => {};
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return open;
    },
    fill() {
      isSealable = true;
    },
  };
}

function makeRig(openFiles = 10) {
  const events: string[] = [];
  const flusher = makeLogFlusher({
    limits: { flushMs: 20, syncMs: 1_000, openFiles },
    logger: silentLogger,
    onSealable: () => events.push("to be sealed"),
  });
  const add = (name: string) => {
    const scripted = makeScriptedLog(name, events);
    scripted.use(flusher);
    return scripted;
  };
  return { flusher, events, add };
}

describe("flushing", () => {
  it("writes a while after the first line, for all logs together, and syncs later", async () => {
    const { events, add } = makeRig();
    const [a, b] = [add("a"), add("b")];
    a.take();
    await vi.advanceTimersByTimeAsync(10);
    b.take();
    a.take();
    expect(events).toEqual([]);
    await vi.advanceTimersByTimeAsync(10);
    expect(events).toEqual(["a written", "b written"]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(events).toEqual(["a written", "b written", "a synced", "b synced"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("writes at once when much waits", async () => {
    const { events, add } = makeRig();
    add("a").take(300_000);
    await vi.advanceTimersByTimeAsync(0);
    expect(events).toEqual(["a written"]);
  });

  it("goes on with other logs while one is slow", async () => {
    const { events, add } = makeRig();
    const [slow, fast] = [add("slow"), add("fast")];
    const open = slow.block();
    slow.take();
    fast.take();
    await vi.advanceTimersByTimeAsync(20);
    expect(events).toEqual(["fast written"]);
    open();
    await vi.advanceTimersByTimeAsync(0);
    expect(events).toEqual(["fast written", "slow written"]);
  });

  it("says when a log can be sealed", async () => {
    const { events, add } = makeRig();
    const a = add("a");
    a.fill();
    a.take();
    await vi.advanceTimersByTimeAsync(20);
    expect(events).toEqual(["a written", "to be sealed"]);
  });

  it("closes the files that were used longest ago", async () => {
    const { events, add } = makeRig(2);
    const [a, b, c] = [add("a"), add("b"), add("c")];
    for (const log of [a, b, a, c]) {
      log.take();
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(events.filter((event) => event.endsWith("closed"))).toEqual(["b closed"]);
  });
});

describe("synced", () => {
  it("waits for a write that is under way", async () => {
    const { flusher, events, add } = makeRig();
    const a = add("a");
    const open = a.block();
    a.take();
    await vi.advanceTimersByTimeAsync(20);
    expect(flusher.holds(a.log)).toBe(true);
    let isSynced = false;
    const synced = flusher.synced().then(() => {
      isSynced = true;
    });
    await vi.advanceTimersByTimeAsync(100);
    expect(isSynced).toBe(false);
    open();
    await vi.advanceTimersByTimeAsync(0);
    await synced;
    expect(events.filter((event) => event === "a synced").length).toBeGreaterThan(0);
    expect(events.indexOf("a written")).toBeLessThan(events.lastIndexOf("a synced"));
  });

  it("waits for a sync that is under way", async () => {
    const { flusher, events, add } = makeRig();
    const a = add("a");
    a.take();
    await vi.advanceTimersByTimeAsync(20);
    const open = a.block();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(events).toEqual(["a written"]);
    let isSynced = false;
    const synced = flusher.synced().then(() => {
      isSynced = true;
    });
    await vi.advanceTimersByTimeAsync(100);
    expect(isSynced).toBe(false);
    open();
    await vi.advanceTimersByTimeAsync(0);
    await synced;
  });

  it("is part of stopping, after which nothing is written any more", async () => {
    const { flusher, events, add } = makeRig();
    const a = add("a");
    a.take();
    await flusher.stop();
    expect(events).toEqual(["a written", "a synced", "a closed"]);
    a.take();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(events.length).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("has nothing to do for a log that was dropped", async () => {
    const { flusher, events, add } = makeRig();
    const a = add("a");
    a.take();
    flusher.drop(a.log);
    await flusher.synced();
    expect(events).toEqual([]);
    await flusher.stop();
  });
});

describe("a ticker", () => {
  it("does its work once for all who asked, and never twice at a time", async () => {
    let done = 0;
    let most = 0;
    let now = 0;
    const ticker = makeTicker(10, async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 50));
      now--;
      done++;
    });
    for (let i = 0; i < 3; i++) ticker.arm();
    await vi.advanceTimersByTimeAsync(15);
    ticker.arm();
    ticker.now();
    await vi.advanceTimersByTimeAsync(100);
    expect([done, most]).toEqual([1, 1]);
    ticker.now();
    const stopped = ticker.stop();
    await vi.advanceTimersByTimeAsync(50);
    await stopped;
    expect(done).toBe(2);
    ticker.arm();
    ticker.now();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(done).toBe(2);
  });
});
