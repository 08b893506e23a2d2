import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { text as readText } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  BusinessError,
  type Logger,
  notFound,
  type Running,
  StaleClaim,
  silentLogger,
} from "../../../kernel/index.ts";
import {
  callPeer,
  type LocalRoutes,
  open,
  PeerGone,
  type SocketPeer,
  startLocalServer,
  streamPeer,
  upgradePeer,
} from "./index.ts";

let folder: string;
let peer: SocketPeer;
const running: Running[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-local-"));
  peer = { socketPath: join(folder, "x.sock"), secret: "s3cret" };
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(
  routes: LocalRoutes,
  more: { logger?: Logger; bodyLimit?: number } = {},
): Promise<Running> {
  const server = await startLocalServer({ ...peer, routes: [routes], logger: silentLogger, ...more });
  running.push(server);
  return server;
}

const upgraded = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: conifer\r\n\r\n";

describe("a call", () => {
  test("takes and gives JSON, with parameters, query and body", async () => {
    await serve({
      handlers: {
        "PUT /apps/:app/things/:thing": async (call) => ({
          params: call.params,
          query: Object.fromEntries(call.query),
          body: await call.json(),
        }),
      },
    });
    const route = `PUT /apps/one/things/${encodeURIComponent("a/b ü")}?x=1`;
    expect(await callPeer(peer, route, { body: { text: "zwölf" } })).toEqual({
      params: { app: "one", thing: "a/b ü" },
      query: { x: "1" },
      body: { text: "zwölf" },
    });
  });

  test("may have no body, and no answer", async () => {
    await serve({ handlers: { "POST /x": async (call) => call.json() } });
    expect(await callPeer(peer, "POST /x")).toBeUndefined();
    expect(await callPeer(peer, "POST /x", { body: null })).toBeNull();
  });

  test("may be large both ways", async () => {
    await serve({ handlers: { "POST /x": async (call) => call.json() } });
    const body = { text: "x".repeat(20 * 1024 * 1024) };
    expect(await callPeer(peer, "POST /x", { body })).toEqual(body);
  });

  test("that is too large is refused, and the next one is not", async () => {
    await serve({ handlers: { "POST /x": async (call) => call.json() } }, { bodyLimit: 1_000_000 });
    const body = "x".repeat(10_000_000);
    await expect(callPeer(peer, "POST /x", { body })).rejects.toMatchObject({
      id: "payload_too_large",
      message: "the body is over 1000000 bytes",
    });
    expect(await callPeer(peer, "POST /x", { body: 1 })).toBe(1);
  });

  test("whose body is not JSON is a bad request", async () => {
    await serve({ handlers: { "POST /x": async (call) => call.json() } });
    const request = open(peer, "POST /x", {});
    request.end("{");
    const [response] = await once(request, "response");
    expect([response.statusCode, JSON.parse(await readText(response))]).toMatchObject([
      400,
      { id: "bad_request" },
    ]);
  });

  test("to nowhere, or by a broken path, is refused", async () => {
    await serve({ handlers: { "GET /x/:y": async () => 1 } });
    for (const route of ["GET /", "POST /x/1", "GET /x", "GET /x/1/2"])
      await expect(callPeer(peer, route)).rejects.toMatchObject({ id: "not_found" });
    await expect(callPeer(peer, "GET /x/%zz")).rejects.toMatchObject({ id: "bad_request" });
  });

  test("tells its handler when the caller goes away", async () => {
    const reached = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    await serve({
      handlers: {
        "GET /slow": async ({ signal }) => {
          signal.addEventListener("abort", () => aborted.resolve());
          reached.resolve();
          await aborted.promise;
        },
      },
    });
    const leaving = new AbortController();
    const calling = callPeer(peer, "GET /slow", { signal: leaving.signal });
    await reached.promise;
    leaving.abort();
    await expect(calling).rejects.toThrow(PeerGone);
    await aborted.promise;
  });
});

describe("a failure", () => {
  test.each([
    [notFound("dyno"), { id: "not_found", message: "Couldn't find that dyno." }],
    [new BusinessError("conflict", "Later."), { id: "conflict", message: "Later." }],
    [new BusinessError("unavailable", "Away."), { id: "unavailable", message: "Away." }],
    [
      new StaleClaim({ subject: "app/1", number: 1 }, 2),
      { id: "conflict", message: "stale claim: claim 1 on app/1 is older than claim 2, which already acted" },
    ],
  ])("%s arrives as the same", async (thrown, wanted) => {
    await serve({ handlers: { "GET /x": () => Promise.reject(thrown) } });
    const arrived = await callPeer(peer, "GET /x").catch((e: Error) => e);
    expect(arrived).toBeInstanceOf(BusinessError);
    expect(arrived).toMatchObject(wanted);
  });

  test("of the peer's own is an error and in its diagnostics", async () => {
    const error = vi.fn();
    const handlers = { "GET /x": () => Promise.reject(new Error("disk full")) };
    await serve({ handlers }, { logger: { ...silentLogger, error } });
    const arrived = await callPeer(peer, "GET /x").catch((e: Error) => e);
    expect(arrived).not.toBeInstanceOf(BusinessError);
    expect(arrived).toMatchObject({ message: "disk full" });
    expect(error).toHaveBeenCalledWith("local call failed", { error: new Error("disk full") });
  });
});

describe("the credential", () => {
  test.each(["", "wrong", "s3creT", "s3cret2"])("must not be %j", async (secret) => {
    const handler = vi.fn(async () => 1);
    await serve({ handlers: { "GET /x": handler }, upgrades: { "GET /up": handler as never } });
    const stranger = { ...peer, secret };
    await expect(callPeer(stranger, "GET /x")).rejects.toMatchObject({ id: "unauthorized" });
    await expect(callPeer(stranger, "GET /nowhere")).rejects.toMatchObject({ id: "unauthorized" });
    await expect(upgradePeer(stranger, "GET /up")).rejects.toMatchObject({ id: "unauthorized" });
    expect(handler).not.toHaveBeenCalled();
  });

  test("is not needed to see that the socket is this user's alone", async () => {
    await serve({});
    expect(statSync(peer.socketPath).mode & 0o777).toBe(0o600);
  });
});

describe("a stream", () => {
  const collect = async (route: string, signal?: AbortSignal) => {
    const items: unknown[] = [];
    for await (const item of streamPeer(peer, route, { signal })) items.push(item);
    return items;
  };

  test("brings each item when it is there", async () => {
    const gate = Promise.withResolvers<void>();
    await serve({
      handlers: {
        "GET /s": async () =>
          (async function* () {
            yield { n: 1, text: "two\nlines ✓" };
            await gate.promise;
            yield { n: 2 };
          })(),
      },
    });
    const stream = streamPeer(peer, "GET /s");
    expect((await stream.next()).value).toEqual({ n: 1, text: "two\nlines ✓" });
    gate.resolve();
    expect((await stream.next()).value).toEqual({ n: 2 });
    expect((await stream.next()).done).toBe(true);
  });

  test("may be empty, and may be refused", async () => {
    await serve({
      handlers: {
        "GET /empty": async () => (async function* () {})(),
        "GET /no": () => Promise.reject(notFound("app")),
      },
    });
    expect(await collect("GET /empty")).toEqual([]);
    await expect(collect("GET /no")).rejects.toMatchObject({ id: "not_found" });
  });

  test("ends its source when the reader stops, or aborts", async () => {
    const ended: string[] = [];
    await serve({
      handlers: {
        "GET /s/:name": async ({ params, signal }) =>
          (async function* () {
            try {
              yield 1;
              await once(signal, "abort");
            } finally {
              ended.push(params.name ?? "");
            }
          })(),
      },
    });
    for await (const _item of streamPeer(peer, "GET /s/stops")) break;
    const leaving = new AbortController();
    const reading = streamPeer(peer, "GET /s/aborts", { signal: leaving.signal });
    await reading.next();
    leaving.abort();
    expect(await reading.next()).toEqual({ done: true, value: undefined });
    await vi.waitFor(() => expect(ended.sort()).toEqual(["aborts", "stops"]));
    expect(await collect("GET /s/before", AbortSignal.abort())).toEqual([]);
  });

  test("that breaks off is told", async () => {
    await serve({
      handlers: {
        "GET /s": async () =>
          (async function* () {
            yield 1;
            throw new Error("broken");
          })(),
      },
    });
    await expect(collect("GET /s")).rejects.toThrow(PeerGone);
  });

  test("is not read ahead of a slow reader without bound", async () => {
    let made = 0;
    const item = { text: "x".repeat(10_000) };
    await serve({
      handlers: {
        "GET /s": async () =>
          (async function* () {
            for (; made < 5_000; made++) yield item;
          })(),
      },
    });
    const stream = streamPeer(peer, "GET /s");
    await stream.next();
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
    let left = 1;
    for await (const _item of stream) left += 1;
    expect(left).toBe(5_000);
  });
});

describe("an upgrade", () => {
  const echo = async (_call: unknown, socket: Duplex, head: Buffer) => {
    socket.write(`${upgraded}hello `);
    socket.write(head);
    socket.pipe(socket);
  };

  test("is a connection both ways, and loses no byte that came early", async () => {
    await serve({ upgrades: { "GET /up": echo } });
    const socket = await upgradePeer(peer, "GET /up");
    socket.write("one ");
    socket.end("two");
    expect(await readText(socket)).toBe("hello one two");
  });

  test("can be refused like a call", async () => {
    await serve({ upgrades: { "GET /up": () => Promise.reject(notFound("dyno")) } });
    await expect(upgradePeer(peer, "GET /up")).rejects.toMatchObject({
      id: "not_found",
      message: "Couldn't find that dyno.",
    });
    await expect(upgradePeer(peer, "GET /nowhere")).rejects.toMatchObject({ id: "not_found" });
  });

  test("that fails after it was taken is broken off", async () => {
    await serve({
      upgrades: {
        "GET /up": async (_call, socket) => {
          socket.write(`${upgraded}begun`);
          throw new Error("broken");
        },
      },
    });
    const socket = await upgradePeer(peer, "GET /up");
    socket.on("error", () => {});
    const closed = once(socket, "close");
    socket.resume();
    await closed;
  });

  test("is broken off when the server stops", async () => {
    const server = await serve({ upgrades: { "GET /up": echo } });
    const socket = await upgradePeer(peer, "GET /up");
    socket.on("error", () => {});
    const closed = once(socket.resume(), "close");
    await server.stop();
    await closed;
  });
});

describe("a peer that is not there", () => {
  test("is gone for calls, streams and upgrades", async () => {
    await expect(callPeer(peer, "GET /x")).rejects.toThrow(PeerGone);
    await expect(streamPeer(peer, "GET /x").next()).rejects.toThrow(PeerGone);
    await expect(upgradePeer(peer, "GET /x")).rejects.toThrow(PeerGone);
  });

  test("is gone also in the middle of an answer", async () => {
    const reached = Promise.withResolvers<void>();
    const server = await serve({
      handlers: {
        "GET /x": async () => {
          reached.resolve();
          await new Promise(() => {});
        },
      },
    });
    const calling = callPeer(peer, "GET /x").catch((e) => e);
    await reached.promise;
    await server.stop();
    expect(await calling).toBeInstanceOf(PeerGone);
  });

  test("is there again after a restart, at once", async () => {
    const first = await serve({ handlers: { "GET /x": async () => 1 } });
    expect(await callPeer(peer, "GET /x")).toBe(1);
    await first.stop();
    await serve({ handlers: { "GET /x": async () => 2 } });
    expect(await callPeer(peer, "GET /x")).toBe(2);
  });

  test("may have left its socket behind", async () => {
    const left = `require("net").createServer().listen(${JSON.stringify(peer.socketPath)}, () => process.kill(process.pid, "SIGKILL"))`;
    await once(spawn(process.execPath, ["-e", left]), "exit");
    expect(statSync(peer.socketPath).isSocket()).toBe(true);
    await expect(callPeer(peer, "GET /x")).rejects.toThrow(PeerGone);
    await serve({ handlers: { "GET /x": async () => 1 } });
    expect(await callPeer(peer, "GET /x")).toBe(1);
  });

  test("may answer what is not ours", async () => {
    await serve({});
    writeFileSync(join(folder, "file"), "");
    await expect(callPeer({ ...peer, socketPath: join(folder, "file") }, "GET /x")).rejects.toThrow(PeerGone);
  });
});
