import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import { type Duplex, Readable } from "node:stream";
import { buffer as readBuffer, text as readText } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, test, vi } from "vitest";
import { notFound, silentLogger } from "../../../kernel/index.ts";
import { callPeer, PeerGone, type RemotePeer, readPeer, streamPeer, upgradePeer } from "./index.ts";
import { makeRemoteAuthority, makeRemoteRig, SECRET } from "./remote-peer-fixtures.ts";

const authority = makeRemoteAuthority();
const stranger = makeRemoteAuthority();
const rig = makeRemoteRig(authority);
const strangers = makeRemoteRig(stranger);
afterEach(() => Promise.all([rig.clear(), strangers.clear()]));

const upgraded = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: conifer\r\n\r\n";
const echo = async (_call: unknown, socket: Duplex, head: Buffer) => {
  socket.write(`${upgraded}hello `);
  socket.write(head);
  socket.pipe(socket);
};

async function collect(peer: RemotePeer, route: string): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of streamPeer(peer, route)) items.push(item);
  return items;
}

describe("over TLS", () => {
  test("a call takes and gives JSON", async () => {
    const { peer } = await rig.serve({
      routes: { handlers: { "PUT /x/:name": async (call) => [call.params, await call.json()] } },
    });
    const answer = await callPeer(peer, "PUT /x/a%2Fb", { body: { text: "zwölf" } });
    expect(answer).toEqual([{ name: "a/b" }, { text: "zwölf" }]);
  });

  test("a refusal arrives as it was made", async () => {
    const { peer } = await rig.serve({
      routes: { handlers: { "GET /x": () => Promise.reject(notFound("app")) } },
    });
    await expect(callPeer(peer, "GET /x")).rejects.toMatchObject({ id: "not_found" });
    await expect(readPeer(peer, "GET /x")).rejects.toMatchObject({ id: "not_found" });
    await expect(collect(peer, "GET /x")).rejects.toMatchObject({ id: "not_found" });
    await expect(upgradePeer(peer, "GET /x")).rejects.toMatchObject({ id: "not_found" });
  });

  test("a stream brings each item when it is there", async () => {
    const gate = Promise.withResolvers<void>();
    const items = async function* () {
      yield 1;
      await gate.promise;
      yield 2;
    };
    const { peer } = await rig.serve({ routes: { handlers: { "GET /s": async () => items() } } });
    const stream = streamPeer(peer, "GET /s");
    expect((await stream.next()).value).toBe(1);
    gate.resolve();
    expect((await stream.next()).value).toBe(2);
    expect((await stream.next()).done).toBe(true);
  });

  test("an upgraded connection goes both ways, and is closed when the server stops", async () => {
    const { peer, stop } = await rig.serve({ routes: { upgrades: { "GET /up": echo } } });
    const socket = await upgradePeer(peer, "GET /up");
    socket.end("one");
    expect(await readText(socket)).toBe("hello one");
    const other = await upgradePeer(peer, "GET /up");
    other.on("error", () => {});
    const closed = once(other.resume(), "close");
    await stop();
    await closed;
  });

  test("a peer that restarts on its port is called again at once", async () => {
    const first = await rig.serve({ routes: { handlers: { "GET /x": async () => 1 } } });
    expect(await callPeer(first.peer, "GET /x")).toBe(1);
    await first.stop();
    await expect(callPeer(first.peer, "GET /x")).rejects.toThrow(PeerGone);
    await rig.serve({ routes: { handlers: { "GET /x": async () => 2 } }, port: first.peer.port });
    expect(await callPeer(first.peer, "GET /x")).toBe(2);
  });
});

describe("bytes", () => {
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 256));
  const serveBytes = (make: () => Readable, more: object = {}) =>
    rig.serve({ routes: { handlers: { "GET /b": async () => make() } }, ...more });

  test.each([0, 1, 300_000])("arrive as they are, %i of them", async (length) => {
    const { peer } = await serveBytes(() => Readable.from(length ? [bytes.subarray(0, length)] : []));
    expect((await readBuffer(await readPeer(peer, "GET /b"))).equals(bytes.subarray(0, length))).toBe(true);
  });

  test("that end before their end are a failure for the reader, not an end", async () => {
    const { peer } = await serveBytes(() =>
      Readable.from(
        (async function* () {
          yield bytes;
          throw new Error("the disk is gone");
        })(),
      ),
    );
    await expect(readPeer(peer, "GET /b").then(readBuffer)).rejects.toThrow();
  });

  test("of a peer that stops in the middle are a failure too", async () => {
    const never = new Readable({ read() {} });
    never.push(bytes);
    const { peer, stop } = await serveBytes(() => never);
    const stream = await readPeer(peer, "GET /b");
    await once(stream, "readable");
    const reading = readBuffer(stream);
    await stop();
    await expect(reading).rejects.toThrow();
  });

  test("are not read on when the reader goes away, and nobody is blamed", async () => {
    const error = vi.fn();
    const source = new Readable({
      read() {
        this.push(Buffer.alloc(64 * 1024));
      },
    });
    const { peer } = await serveBytes(() => source, { logger: { ...silentLogger, error } });
    const stream = await readPeer(peer, "GET /b");
    await once(stream, "readable");
    stream.destroy();
    await vi.waitFor(() => expect(source.destroyed).toBe(true));
    expect(error).not.toHaveBeenCalled();
  });

  test("are not read ahead of a slow reader without bound", async () => {
    let made = 0;
    const { peer } = await serveBytes(() =>
      Readable.from(
        (async function* () {
          for (; made < 1_000; made++) yield Buffer.alloc(100_000);
        })(),
      ),
    );
    const stream = await readPeer(peer, "GET /b");
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
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) size += chunk.length;
    expect(size).toBe(100_000_000);
  });
});

describe("trust", () => {
  const calls = (peer: RemotePeer) => [
    callPeer(peer, "GET /x"),
    readPeer(peer, "GET /x"),
    collect(peer, "GET /x"),
    upgradePeer(peer, "GET /up"),
  ];

  test.each(["", "wrong", "s3cret2", "s3creT"])("is not given to the secret %j", async (secret) => {
    const handler = vi.fn(async () => 1);
    const { peer } = await rig.serve({
      routes: { handlers: { "GET /x": handler }, upgrades: { "GET /up": handler as never } },
    });
    for (const call of calls({ ...peer, secret }))
      await expect(call).rejects.toMatchObject({ id: "unauthorized" });
    expect(handler).not.toHaveBeenCalled();
  });

  test.each(["ca", "serverName"] as const)("is not had by a server of another %s", async (what) => {
    const handler = vi.fn(async () => 1);
    const { peer } = await rig.serve({ routes: { handlers: { "GET /x": handler } } });
    const other = what === "ca" ? { ca: stranger.ca } : { serverName: "else.internal" };
    for (const call of calls({ ...peer, ...other })) await expect(call).rejects.toThrow(PeerGone);
    expect(handler).not.toHaveBeenCalled();
  });

  test("is not had by a server that was issued its name by somebody else, and it hears no secret", async () => {
    const passedOn = vi.fn();
    const { peer } = await strangers.serve({ passedOn });
    for (const call of calls({ ...peer, ca: authority.ca })) await expect(call).rejects.toThrow(PeerGone);
    expect(passedOn).not.toHaveBeenCalled();
  });

  test("is not had by a server without TLS, and it hears no secret", async () => {
    const heard: Buffer[] = [];
    const server = createServer((socket) => {
      socket
        .on("error", () => {})
        .on("data", (chunk) => {
          heard.push(chunk);
          socket.end("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1");
        });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as { port: number };
    try {
      for (const call of calls(rig.peerAt(port))) await expect(call).rejects.toThrow(PeerGone);
      expect(heard.length).toBeGreaterThan(0);
      expect(Buffer.concat(heard).toString("latin1")).not.toContain(SECRET);
    } finally {
      server.close();
    }
  });

  test("a server takes no call without TLS, and goes on", async () => {
    const { peer } = await rig.serve({ routes: { handlers: { "GET /x": async () => 1 } } });
    const socket = createConnection(peer.port, peer.host).on("error", () => {});
    socket.write(`GET /x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${SECRET}\r\n\r\n`);
    const told = await readText(socket).catch(() => "");
    expect(told).not.toContain("200");
    const halfOpen = createConnection(peer.port, peer.host).on("error", () => {});
    halfOpen.end("\x16\x03");
    await once(halfOpen.resume(), "close");
    expect(await callPeer(peer, "GET /x")).toBe(1);
  });

  test("an old TLS is not spoken", async () => {
    const { peer } = await rig.serve({});
    const socket = connectTls({
      ...{ host: peer.host, port: peer.port, ca: peer.ca, servername: peer.serverName },
      ...{ minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
    });
    await expect(once(socket, "secureConnect")).rejects.toThrow();
  });
});

describe("a peer that does not answer", () => {
  test("is gone when nobody listens", async () => {
    const { peer, stop } = await rig.serve({});
    await stop();
    for (const call of [
      callPeer(peer, "GET /x"),
      readPeer(peer, "GET /x"),
      collect(peer, "GET /x"),
      upgradePeer(peer, "GET /x"),
    ])
      await expect(call).rejects.toThrow(PeerGone);
  });

  test("is given up after a time when it takes the connection and says nothing", async () => {
    const taken = new Set<Socket>();
    const server = createServer((socket) => void taken.add(socket.on("error", () => {}).resume()));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as { port: number };
    const peer = { ...rig.peerAt(port), connectWithinMs: 50 };
    try {
      await expect(callPeer(peer, "GET /x")).rejects.toMatchObject({
        name: "PeerGone",
        cause: { message: "no connection in time" },
      });
      await expect(upgradePeer(peer, "GET /x")).rejects.toThrow(PeerGone);
      await vi.waitFor(() => expect([...taken].every((socket) => socket.destroyed)).toBe(true));
    } finally {
      for (const socket of taken) socket.destroy();
      server.close();
    }
  });

  test("has all the time it needs once it is connected", async () => {
    const gate = Promise.withResolvers<number>();
    const { peer } = await rig.serve({ routes: { handlers: { "GET /x": () => gate.promise } } });
    const calling = callPeer({ ...peer, connectWithinMs: 1_000 }, "GET /x");
    const timer = setTimeout(() => gate.resolve(7), 1_300);
    expect(await calling).toBe(7);
    clearTimeout(timer);
  });

  test.each(["callPeer", "readPeer", "streamPeer"])("can be left by an abort: %s", async (how) => {
    const reached = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const { peer } = await rig.serve({
      routes: {
        handlers: {
          "GET /x": async ({ signal }) => {
            signal.addEventListener("abort", () => left.resolve());
            reached.resolve();
            await left.promise;
          },
        },
      },
    });
    const leaving = new AbortController();
    const options = { signal: leaving.signal };
    const call =
      how === "callPeer"
        ? callPeer(peer, "GET /x", options)
        : how === "readPeer"
          ? readPeer(peer, "GET /x", options)
          : streamPeer(peer, "GET /x", options).next();
    const ended = call.catch((thrown: unknown) => thrown);
    await reached.promise;
    leaving.abort();
    await left.promise;
    if (how === "streamPeer") expect(await ended).toEqual({ done: true, value: undefined });
    else expect(await ended).toBeInstanceOf(PeerGone);
  });
});

test("a port that is taken is a failure to start", async () => {
  const { peer } = await rig.serve({});
  await expect(rig.serve({ port: peer.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});
