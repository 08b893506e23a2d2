import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ApiCall } from "../../http/index.ts";
import { newId, silentLogger } from "../../kernel/index.ts";
import { logSessionHandlers, makeLogStreamHandler } from "./log-session-api.ts";
import { type FakeLogStore, makeFakeLogStore } from "./log-store-fake.ts";

const KEY = Buffer.alloc(32, 1);
const APP = newId();
const START = new Date("2026-01-02T03:04:05Z");

let now: Date;
let logs: FakeLogStore;
let server: Server;
let origin: string;
let stopping: AbortController;

beforeEach(async () => {
  now = START;
  stopping = new AbortController();
  logs = makeFakeLogStore({ now: () => now });
  for (const [process, message] of [
    ["web.1", "one"],
    ["worker.1", "two"],
    ["router", "three"],
  ] as const)
    logs.write({
      appId: APP,
      time: START,
      source: process === "router" ? "heroku" : "app",
      process,
      message,
    });
  const serve = makeLogStreamHandler({
    reader: logs,
    clock: () => now,
    key: KEY,
    logger: silentLogger,
    signal: stopping.signal,
  });
  server = createServer((request, response) => {
    void serve(request, response).then((served) => {
      if (!served) response.writeHead(418).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
});
afterEach(async () => {
  stopping.abort();
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

async function session(body: object = {}): Promise<Record<string, string>> {
  const handlers = logSessionHandlers({ clock: () => now, newId, key: KEY });
  const call = { app: { id: APP, name: "my-app", role: "owner" }, origin, body } as unknown as ApiCall;
  const answer = await handlers["POST /apps/{app}/log-sessions"]?.(call);
  return answer?.body as Record<string, string>;
}

const messages = (text: string) => [...text.matchAll(/\]: (\w+)$/gm)].map(([, message]) => message);

async function read(body: object) {
  const { logplex_url: url = "" } = await session(body);
  const response = await fetch(url);
  return messages(await response.text());
}

test("a session is an address of this log", async () => {
  const made = await session();
  expect(made).toMatchObject({ created_at: "2026-01-02T03:04:05Z", updated_at: "2026-01-02T03:04:05Z" });
  expect(made.logplex_url?.startsWith(`${origin}/streams/logs?app=${APP}&`)).toBe(true);
});

describe("a session reads", () => {
  test.each<[string, object, string[]]>([
    ["everything", {}, ["one", "two", "three"]],
    ["the newest lines", { lines: 2 }, ["two", "three"]],
    ["no line", { lines: 0 }, []],
    ["at most what is kept", { lines: 100_000 }, ["one", "two", "three"]],
    ["less than none as none", { lines: -1 }, []],
    ["one dyno", { dyno: "web.1" }, ["one"]],
    ["one dyno, as other clients say it", { dyno_name: "worker.1" }, ["two"]],
    ["a process type", { type: "worker" }, ["two"]],
    ["a process type, as older clients say it", { dyno: "web" }, ["one"]],
    ["the router", { dyno: "router" }, ["three"]],
    ["a source", { source: "heroku" }, ["three"]],
    ["a source of a dyno", { source: "heroku", dyno: "web.1" }, []],
    [
      "everything when nothing is said of it",
      { source: null, dyno: null, type: null, lines: null, tail: null },
      ["one", "two", "three"],
    ],
  ])("%s", async (_name, body, expected) => {
    expect(await read(body)).toEqual(expected);
  });

  test("on, with tail", async () => {
    const { logplex_url: url = "" } = await session({ tail: true, lines: 1 });
    const response = await fetch(url, { headers: { accept: "text/event-stream" } });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes("three") && !text.includes("four"))
        logs.write({ appId: APP, time: START, source: "app", process: "web.1", message: "four" });
      if (text.includes("four")) break;
    }
    expect(messages(text)).toEqual(["three", "four"]);
  });
});

describe("the address of a session", () => {
  const open = async (change: (url: URL) => void = () => {}, init: RequestInit = {}) => {
    const url = new URL((await session()).logplex_url ?? "");
    change(url);
    const response = await fetch(url, init);
    await response.text();
    return response.status;
  };

  test("opens for six minutes", async () => {
    const { logplex_url: url = "" } = await session();
    now = new Date(START.getTime() + 360_000);
    expect((await fetch(url)).status).toBe(200);
    now = new Date(START.getTime() + 361_000);
    const late = await fetch(url);
    expect([late.status, await late.text()]).toEqual([
      404,
      expect.stringContaining("Ask for a new log session"),
    ]);
  });

  test.each<[string, (url: URL) => void]>([
    ["another app", (url) => url.searchParams.set("app", newId())],
    ["a later end", (url) => url.searchParams.set("expires", "9999999999")],
    ["another filter", (url) => url.searchParams.set("source", "app")],
    ["no signature", (url) => url.searchParams.delete("signature")],
  ])("is refused with %s", async (_name, change) => {
    expect(await open(change)).toBe(403);
  });

  test("is for reading only", async () => {
    expect(await open(undefined, { method: "POST" })).toBe(403);
  });

  test("answers a client that only asks whether it opens", async () => {
    const { logplex_url: url = "" } = await session({ tail: true });
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
  });

  test("is not served for any other path", async () => {
    expect((await fetch(`${origin}/streams/output?id=1`)).status).toBe(418);
  });
});
