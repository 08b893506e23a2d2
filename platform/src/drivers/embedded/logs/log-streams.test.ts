import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LogLine, silentLogger, systemClock } from "../../../kernel/index.ts";
import type { StreamPiece } from "../../../observe/log/index.ts";
import { callPeer, startLocalServer } from "../local/index.ts";
import { logRoutes } from "./log-routes.ts";
import { type LogStore, type LogStoreLimits, openLogStore } from "./log-store.ts";
import { pieceFromWire, pieceToWire, placesFromWire } from "./log-wire.ts";
import { makeStreamClient } from "./stream-client.ts";

let folder: string;
let store: LogStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-log-streams-"));
  store = open();
});
afterEach(async () => {
  await store.stop();
  rmSync(folder, { recursive: true, force: true });
});

const open = (limits: Partial<LogStoreLimits> = {}) =>
  openLogStore({ folder, now: systemClock, logger: silentLogger, limits });
/** What a new process finds when the one before was killed: nothing was stopped. */
const reopen = (limits?: Partial<LogStoreLimits>) => {
  store = open(limits);
};

function piece(from: number, texts: readonly string[], change: Partial<StreamPiece> = {}): StreamPiece {
  const time = new Date("2026-11-21T10:45:00Z");
  const lines = texts.map(
    (message): LogLine => ({
      ...{ appId: "a1", time, source: "app", process: "web.1", message },
    }),
  );
  return { stream: "u1/0", appId: "a1", file: "f", from, to: from + texts.length, lines, ...change };
}

async function read(): Promise<string[]> {
  const query = { appId: "a1", filter: {}, lines: 1_500, tail: false };
  const found = await Array.fromAsync(store.read(query, new AbortController().signal));
  return found.map(({ process, message }) => `${process}: ${message}`);
}
const placesOf = async (...pieces: StreamPiece[]) => (await store.take(pieces)).map(({ offset }) => offset);

describe("the store", () => {
  test("takes pieces in order and tells where their streams stand", async () => {
    expect(
      await placesOf(piece(0, ["a", "b"]), piece(2, ["c"]), piece(0, ["x"], { stream: "u2/0" })),
    ).toEqual([2, 3, 1]);
    expect(await read()).toEqual(["web.1: a", "web.1: b", "web.1: c", "web.1: x"]);
  });

  test("has what it took, and knows it, after a kill", async () => {
    await store.take([piece(0, ["a", "b"])]);
    reopen();
    expect(await placesOf(piece(0, ["a", "b"]), piece(1, ["b", "c"]), piece(2, ["c"]))).toEqual([2, 2, 3]);
    expect(await read()).toEqual(["web.1: a", "web.1: b", "web.1: c"]);
  });

  test("takes again what a torn end has lost", async () => {
    await store.take([piece(0, ["a"])]);
    const [name = ""] = readdirSync(join(folder, "a1"));
    appendFileSync(join(folder, "a1", name), "#2 0 500 00000000\n[[");
    reopen();
    expect(await placesOf(piece(5, ["later"]), piece(1, ["b"]))).toEqual([1, 2]);
    expect(await read()).toEqual(["web.1: a", "web.1: b"]);
  });

  test("knows it when the segments with the lines are sealed, and begin anew", async () => {
    const limits = { segmentBytes: 300 };
    await store.stop();
    reopen(limits);
    for (let i = 0; i < 40; i++)
      await store.take([piece(0, [`line ${i}`], { stream: `u${i % 2}/0`, file: `f${i}` })]);
    await store.stop();
    expect(readdirSync(join(folder, "a1")).filter((name) => name.endsWith(".zst")).length).toBeGreaterThan(0);
    reopen(limits);
    expect(await placesOf(piece(0, ["line 39"], { stream: "u1/0", file: "f39" }))).toEqual([1]);
    expect(await placesOf(piece(0, ["line 38"], { stream: "u0/0", file: "f38" }))).toEqual([1]);
    expect((await read()).length).toBe(40);
  });

  test("knows it when other lines began a new segment meanwhile", async () => {
    await store.take([piece(0, ["a"])]);
    await store.stop();
    reopen({ segmentBytes: 100 });
    const line: LogLine = {
      appId: "a1",
      time: new Date(0),
      source: "heroku",
      process: "api",
      message: "x".repeat(99),
    };
    for (let i = 0; i < 5; i++) {
      store.write(line);
      await store.synced();
    }
    await store.stop();
    reopen();
    expect(await placesOf(piece(0, ["a"]))).toEqual([1]);
  });

  test("counts positions of lines only", async () => {
    await store.take([piece(0, ["a"]), piece(1, [])]);
    await store.take([piece(1, ["b"])]);
    reopen();
    await store.take([piece(2, ["c"])]);
    const query = { appId: "a1", filter: {}, lines: 10, tail: false };
    const found = await Array.fromAsync(store.read(query, new AbortController().signal));
    expect(found.map(({ position }) => position)).toEqual([1, 2, 3]);
  });

  test("forgets an app's streams with its log", async () => {
    await store.take([piece(0, ["a"])]);
    await store.forget("a1");
    expect(await placesOf(piece(7, ["h"]))).toEqual([8]);
    expect(await read()).toEqual(["web.1: h"]);
  });

  test("has a process's budget be that of the time when it wrote", async () => {
    const rates = { linesPerSecond: 10, burst: 10 };
    await store.stop();
    reopen({ intake: { rates, lines: 10_000, characters: 1_000_000, reportMs: 0 } });
    const start = Date.parse("2026-11-21T10:45:00Z");
    const late = Array.from(
      { length: 100 },
      (_, i): LogLine => ({
        ...{
          appId: "a1",
          time: new Date(start + i * 100),
          source: "app",
          process: "web.1",
          message: `late ${i}`,
        },
      }),
    );
    await store.take([piece(0, [], { lines: late, to: 100 })]);
    expect((await read()).length).toBe(100);
    await store.take([
      piece(
        100,
        Array.from({ length: 100 }, (_, i) => `burst ${i}`),
      ),
    ]);
    expect((await read()).at(-1)).toMatch(/^web\.1: Error L12/);
  });
});

describe("the wire", () => {
  const given = piece(3, ["a", "zwölf\n"], { ended: true });
  test("brings a piece as it is", () => {
    expect(pieceFromWire(JSON.parse(JSON.stringify(pieceToWire(given))))).toEqual(given);
    const { ended: _, ...open } = given;
    expect(pieceFromWire(pieceToWire(open))).toEqual(open);
  });

  const whole = pieceToWire(given);
  test.each([
    null,
    1,
    {},
    { ...whole, stream: 1 },
    { ...whole, appId: undefined },
    { ...whole, from: -0.5 },
    { ...whole, from: 9, to: 8 },
    { ...whole, to: "8" },
    { ...whole, lines: {} },
    { ...whole, lines: [1] },
    { ...whole, lines: [[null, "x", "app", "web.1", "m"]] },
    { ...whole, lines: [[null, 1, "visitor", "web.1", "m"]] },
  ])("refuses %j", (value) => {
    expect(() => pieceFromWire(value)).toThrow();
  });

  test("refuses an answer without places", () => {
    expect(() => placesFromWire({})).toThrow("where the streams stand");
    expect(() => placesFromWire(undefined)).toThrow("where the streams stand");
  });

  test("takes pieces from another process, and tells whoever asks of their end", async () => {
    const peer = { socketPath: join(folder, "x.sock"), secret: "s" };
    const server = await startLocalServer({ ...peer, routes: [logRoutes(store)], logger: silentLogger });
    const client = makeStreamClient(peer);
    const asking = new AbortController();
    const end = client.ended(["u1/0"], asking.signal);
    expect(await client.take([piece(0, ["a"])])).toEqual([{ file: "f", offset: 1 }]);
    expect(await client.take([piece(9, [], { ended: true })])).toEqual([{ file: "f", offset: 1 }]);
    const gone = new AbortController();
    const inVain = client.ended(["u1/0"], gone.signal);
    gone.abort();
    await inVain;
    expect(await client.take([piece(1, [], { ended: true })])).toEqual([{ file: "f", offset: 1 }]);
    await end;
    await client.ended([], asking.signal);
    await expect(callPeer(peer, "POST /logs/streams", { body: {} })).rejects.toMatchObject({
      id: "bad_request",
    });
    await expect(callPeer(peer, "POST /logs/streams", { body: { pieces: [{}] } })).rejects.toMatchObject({
      id: "bad_request",
    });
    await expect(
      callPeer(peer, "POST /logs/streams/ended", { body: { streams: [1] } }),
    ).rejects.toMatchObject({
      id: "bad_request",
    });
    await server.stop();
    await expect(client.take([piece(1, ["b"])])).rejects.toThrow();
    await expect(client.ended(["u9/0"], asking.signal)).rejects.toThrow();
  });
});
