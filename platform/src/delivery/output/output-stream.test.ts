import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { newId, notFound, silentLogger } from "../../kernel/index.ts";
import type { OutputStore } from "./output.ts";
import { makeOutputStreamHandler, makeOutputUrl } from "./output-stream.ts";

const key = Buffer.alloc(32, 1);
let nowMs: number;
const clock = () => new Date(nowMs);
let read: OutputStore["read"];
let server: Server;
let origin: string;
let stopping: AbortController;
const warn = vi.fn();

beforeEach(async () => {
  nowMs = Date.parse("2026-11-21T04:00:00Z");
  stopping = new AbortController();
  warn.mockClear();
  const outputs = { read: (...args: Parameters<OutputStore["read"]>) => read(...args) } as OutputStore;
  const logger = { ...silentLogger, warn };
  const handler = makeOutputStreamHandler({ outputs, clock, key, logger, signal: stopping.signal });
  server = createServer(async (request, response) => {
    if (!(await handler(request, response))) response.writeHead(418).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const urlOf = (id = newId()) => makeOutputUrl({ clock, key })(origin, id);

/** An output of these pieces. */
const pieces = (...texts: string[]): OutputStore["read"] =>
  async function* () {
    yield* texts;
  };

describe("an output's address", () => {
  test("gives its text to whoever has it", async () => {
    const seen: string[] = [];
    read = async function* (id) {
      seen.push(id);
      yield* ["", "one\n", "two"];
    };
    const id = newId();
    const answer = await fetch(urlOf(id));
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.text()).toBe("one\ntwo");
    expect(seen).toEqual([id]);
  });

  test("is good for a day", async () => {
    read = pieces("text");
    const url = urlOf();
    nowMs += 24 * 3_600_000;
    expect((await fetch(url)).status).toBe(200);
    nowMs += 2_000;
    const late = await fetch(url);
    expect([late.status, await late.text()]).toEqual([410, expect.stringContaining("not valid any more")]);
  });

  test("cannot be made up or altered", async () => {
    read = pieces("secret");
    const mine = new URL(urlOf());
    mine.searchParams.set("id", newId());
    for (const url of [mine.href, `${origin}/streams/output?id=${newId()}`]) {
      const answer = await fetch(url);
      expect([answer.status, await answer.text()]).toEqual([403, expect.not.stringContaining("secret")]);
    }
  });

  test("says 404 while there is nothing yet", async () => {
    // biome-ignore lint/correctness/useYield: the store refuses before it yields
    read = async function* () {
      throw notFound("output");
    };
    const answer = await fetch(urlOf());
    expect([answer.status, await answer.text()]).toEqual([404, "There is no output yet.\n"]);
    expect(warn).not.toHaveBeenCalled();
  });

  test("of other paths and methods is not its business", async () => {
    expect((await fetch(`${origin}/streams/logs?x=1`)).status).toBe(418);
    expect((await fetch(urlOf(), { method: "POST" })).status).toBe(418);
  });
});

describe("a stream", () => {
  test("answers before there is text, and brings text as it comes", async () => {
    const gate = Promise.withResolvers<void>();
    read = async function* () {
      yield "";
      await gate.promise;
      yield "late\n";
    };
    const answer = await fetch(urlOf());
    expect(answer.status).toBe(200);
    gate.resolve();
    expect(await answer.text()).toBe("late\n");
  });

  test.each([
    [["one\ntwo\n"], "data: one\ndata: two\n\n"],
    [["one\n", "two\n"], "data: one\n\ndata: two\n\n"],
    [["", "o", "n", "e\ntw", "o"], "data: one\n\ndata: two\n\n"],
    [["one\n\nthree\n"], "data: one\ndata: \ndata: three\n\n"],
    [[""], ""],
  ])("of %j as events is %j", async (texts, wanted) => {
    read = pieces(...texts);
    const answer = await fetch(urlOf(), { headers: { accept: "text/event-stream" } });
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    expect(await answer.text()).toBe(wanted);
  });

  test("ends its reader when the client goes, and when Conifer stops", async () => {
    const ended = vi.fn();
    read = async function* (_id, signal) {
      try {
        yield "";
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      } finally {
        ended();
      }
    };
    const leaving = new AbortController();
    const left = await fetch(urlOf(), { signal: leaving.signal });
    leaving.abort();
    await left.text().catch(() => {});
    await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(1));
    const stopped = await fetch(urlOf());
    stopping.abort();
    expect(await stopped.text()).toBe("");
    expect(ended).toHaveBeenCalledTimes(2);
  });

  test("that breaks off is seen by the client and told to the operator", async () => {
    read = async function* () {
      yield "begun";
      throw new Error("disk gone");
    };
    await expect(fetch(urlOf()).then((answer) => answer.text())).rejects.toThrow();
    expect(warn).toHaveBeenCalledWith("an output stream broke off", { error: new Error("disk gone") });
  });

  test("does not read ahead of a slow client", async () => {
    let made = 0;
    read = async function* () {
      for (; made < 2_000; made++) yield "x".repeat(50_000);
    };
    const answer = await fetch(urlOf());
    const body = answer.body?.getReader();
    await body?.read();
    let before = -1;
    await vi.waitFor(
      () => {
        const still = made === before;
        before = made;
        expect(still).toBe(true);
      },
      { interval: 50, timeout: 5_000 },
    );
    expect(made).toBeLessThan(500);
    await body?.cancel();
  });
});
