import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type LogLine, systemClock } from "../../kernel/index.ts";
import type { LogQuery, LogReader } from "./log-ports.ts";
import { type FakeLogStore, makeFakeLogStore } from "./log-store-fake.ts";
import { type LogStreamOptions, serveLogStream } from "./serve-log-stream.ts";

const lineOf = (message: string): LogLine => ({
  appId: "a",
  time: new Date("2026-01-02T03:04:05.678Z"),
  source: "app",
  process: "web.1",
  message,
});
const text = (message: string) => `2026-01-02T03:04:05.678000+00:00 app[web.1]: ${message}`;

interface Streamed {
  readonly headers: IncomingMessage["headers"];
  readonly status: number | undefined;
  /** What has come so far. */
  body(): string;
  /** Resolves when the body holds the text. */
  holds(text: string): Promise<void>;
  readonly ended: Promise<void>;
  leave(): void;
  pause(): void;
  resume(): void;
}

let cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const each of cleanUp.reverse()) await each();
  cleanUp = [];
});

/** Serves a log over real HTTP; `served` collects how each call ended. */
async function serve(
  options: Partial<LogStreamOptions> & { reader: LogStreamOptions["reader"]; query: LogQuery },
) {
  const stop = new AbortController();
  const served: Promise<unknown>[] = [];
  const server: Server = createServer((incoming, response) => {
    const lastEventId = incoming.headers["last-event-id"]?.toString();
    const given = { accept: incoming.headers.accept, lastEventId, response, signal: stop.signal, ...options };
    served.push(serveLogStream(given).catch((thrown: unknown) => thrown));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp.push(async () => {
    stop.abort();
    await Promise.all(served);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { get: (headers: Record<string, string> = {}) => get(port, headers), served, stop };
}

async function get(port: number, headers: Record<string, string>): Promise<Streamed> {
  const asking = request({ host: "127.0.0.1", port, headers });
  asking.on("error", () => {});
  asking.end();
  const response = await new Promise<IncomingMessage>((resolve) => asking.once("response", resolve));
  const chunks: string[] = [];
  let check = () => {};
  response.setEncoding("utf8").on("data", (chunk: string) => {
    chunks.push(chunk);
    check();
  });
  const ended = new Promise<void>((resolve) => response.once("close", resolve));
  return {
    headers: response.headers,
    status: response.statusCode,
    body: () => chunks.join(""),
    holds: (wanted) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${wanted} did not come`)), 5_000);
        let from = 0;
        check = () => {
          const isThere = chunks.slice(from).join("").includes(wanted);
          from = Math.max(0, chunks.length - 2);
          if (!isThere) return;
          clearTimeout(late);
          resolve();
        };
        check();
      }),
    ended,
    leave: () => asking.destroy(),
    pause: () => void response.pause(),
    resume: () => void response.resume(),
  };
}

const events = { accept: "text/event-stream" };
const query = (change: Partial<LogQuery> = {}): LogQuery => ({
  appId: "a",
  filter: {},
  lines: 100,
  tail: false,
  ...change,
});

function storeWith(...messages: string[]): FakeLogStore {
  const store = makeFakeLogStore({ now: systemClock });
  for (const message of messages) store.write(lineOf(message));
  return store;
}

describe("the log stream", () => {
  it("is an event stream for who asks for one, and ends after the history", async () => {
    const { get } = await serve({ reader: storeWith("one", "two"), query: query() });
    const stream = await get(events);
    await stream.ended;
    expect(stream.status).toBe(200);
    expect(stream.headers["content-type"]).toBe("text/event-stream");
    expect(stream.body()).toBe(`retry: 1\n\nid: 2\ndata: ${text("one")}\ndata: ${text("two")}\n\n`);
  });

  it("is plain text for anybody else", async () => {
    const { get } = await serve({ reader: storeWith("one", "two"), query: query() });
    const stream = await get({ accept: "*/*" });
    await stream.ended;
    expect(stream.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(stream.body()).toBe(`${text("one")}\n${text("two")}\n`);
  });

  it("brings each new line at once while it tails, until the client goes", async () => {
    const store = storeWith("old");
    const { get, served } = await serve({ reader: store, query: query({ tail: true }) });
    const stream = await get(events);
    await stream.holds(text("old"));
    for (const message of ["new", "newer"]) {
      store.write(lineOf(message));
      await stream.holds(`data: ${text(message)}\n\n`);
    }
    stream.leave();
    expect(await Promise.all(served)).toEqual([undefined]);
  });

  it("opens at once and sends heartbeats while nothing is logged", async () => {
    const { get } = await serve({ reader: storeWith(), query: query({ tail: true }), heartbeatMs: 10 });
    const stream = await get(events);
    await stream.holds(": heartbeat\n\n: heartbeat\n\n");
  });

  it("sends no heartbeat in plain text", async () => {
    const store = storeWith();
    const { get } = await serve({ reader: store, query: query({ tail: true }), heartbeatMs: 1 });
    const stream = await get();
    await new Promise((resolve) => setTimeout(resolve, 30));
    store.write(lineOf("first"));
    await stream.holds("first");
    expect(stream.body()).toBe(`${text("first")}\n`);
  });

  it("goes on behind the event the client saw last", async () => {
    const { get } = await serve({ reader: storeWith("one", "two", "three"), query: query({ lines: 1 }) });
    const stream = await get({ ...events, "last-event-id": "1" });
    await stream.ended;
    expect(stream.body()).toContain(`id: 3\ndata: ${text("two")}\ndata: ${text("three")}\n\n`);
    const odd = await get({ ...events, "last-event-id": "../1" });
    await odd.ended;
    expect(odd.body()).not.toContain("two");
  });

  it("delivers long histories whole, in pieces of less than a TLS record", async () => {
    const messages = Array.from({ length: 1_500 }, (_, i) => `${i} ${"ü".repeat(i % 300)}`);
    const { get } = await serve({ reader: storeWith(...messages), query: query({ lines: 1_500 }) });
    const stream = await get(events);
    await stream.ended;
    const lines = stream.body().split("\n");
    expect(lines.filter((line) => line.startsWith("data: "))).toEqual(
      messages.map((each) => `data: ${text(each)}`),
    );
    for (const event of stream.body().split("\n\n")) expect(Buffer.byteLength(event)).toBeLessThan(16_384);
  });

  it("ends when the server stops", async () => {
    const { get, stop } = await serve({ reader: storeWith("one"), query: query({ tail: true }) });
    const stream = await get(events);
    await stream.holds("one");
    stop.abort();
    await stream.ended;
  });

  it("says so when the log cannot be read, and tells its caller why", async () => {
    const reader: Pick<LogReader, "read"> = {
      // biome-ignore lint/correctness/useYield: a reader that fails before its first line.
      async *read() {
        throw new Error("the disk is gone");
      },
    };
    const { get, served } = await serve({ reader, query: query() });
    const stream = await get();
    await stream.ended;
    expect(stream.body()).toMatch(/heroku\[logplex\]: The log cannot be read at the moment\. Try again/);
    expect(await Promise.all(served)).toEqual([new Error("the disk is gone")]);
  });

  it("tells a client that does not read what it lost, and leaves the others alone", async () => {
    const store = makeFakeLogStore({ now: systemClock, tail: { lines: 200, characters: 100_000_000 } });
    store.write(lineOf("start"));
    const { get, served } = await serve({ reader: store, query: query({ tail: true }) });
    const [slow, fast] = [await get(), await get()];
    await Promise.all([slow.holds("start"), fast.holds("start")]);
    slow.pause();
    const filler = "x".repeat(9_000);
    for (let i = 0; i < 2_000; i++) {
      store.write({ ...lineOf(`line ${i} ${filler}`), source: "heroku" });
      if (i % 100 === 99) await fast.holds(`line ${i} `);
    }
    store.write(lineOf("end"));
    await fast.holds("end");
    expect(fast.body()).not.toContain("Error L11");
    slow.resume();
    await slow.holds("web.1]: end");
    const lost = Number(/Error L11 .* dropped (\d+) messages/.exec(slow.body())?.[1]);
    expect(slow.body().match(/line \d+ /g)?.length).toBe(2_000 - lost);
    expect(served.length).toBe(2);
  });
});
