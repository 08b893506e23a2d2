import { once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as makeRequest,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, createConnection } from "node:net";
import { Readable } from "node:stream";
import { buffer as readBuffer, text as readText } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { callPeer, open, PeerGone, passOn, type RemotePeer } from "./index.ts";
import { makeRemoteAuthority, makeRemoteRig, SECRET } from "./remote-peer-fixtures.ts";

const PASSED_ON = "conifer-passed-on";
const [CLIENTS, HERE] = ["00f067aa0ba902b7", "00f067aa0ba902b8"].map(
  (span) => `00-4bf92f3577b34da6a3ce929d0e0e4736-${span}-01`,
) as [string, string];
const rig = makeRemoteRig(makeRemoteAuthority());
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await rig.clear();
});

type Answering = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A process that clients see and that passes everything on to `peer`; what passing on threw is in `thrown`. */
async function openFront(peer: RemotePeer) {
  const thrown: unknown[] = [];
  const server = createServer((request, response) => {
    passOn(peer, request, response).catch((error: unknown) => {
      thrown.push(error);
      request.resume();
      if (response.headersSent || response.destroyed) response.destroy();
      else response.writeHead(503).end();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, thrown };
}

/** A front and, behind it, a peer that answers so. */
async function openBoth(answering: Answering) {
  const passedOn = async (request: IncomingMessage, response: ServerResponse) => answering(request, response);
  const { peer, stop } = await rig.serve({ passedOn });
  return { ...(await openFront(peer)), peer, stop };
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array;
  readonly agent?: Agent;
}

function send(port: number, { body, agent, ...sent }: Sent = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, agent: agent ?? false, ...sent };
    makeRequest(options, resolve).on("error", reject).end(body);
  });
}

/** Writes these bytes to a connection of their own and tells everything that comes back. */
async function sendRaw(port: number, text: string): Promise<string> {
  const socket = createConnection(port, "127.0.0.1");
  socket.write(text);
  return await readText(socket);
}

const echo: Answering = (request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers }));
};
const told = async (answer: IncomingMessage) =>
  JSON.parse(await readText(answer)) as { method: string; url: string; headers: Record<string, string> };

describe("a request", () => {
  test.each(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])(
    "keeps its method, path and query: %s",
    async (method) => {
      const { port } = await openBoth(echo);
      const path = "/a%2Fb.git/info/refs?service=git-upload-pack&x=%C3%BC?&";
      expect(await told(await send(port, { method, path }))).toMatchObject({ method, url: path });
    },
  );

  test.each([
    ["Basic Zm9vOmJhcg==", "Basic Zm9vOmJhcg=="],
    ["Bearer a-client's", "Bearer a-client's"],
    [undefined, undefined],
  ])("carries the client's own Authorization: %s", async (given, wanted) => {
    const { port } = await openBoth(echo);
    const { headers } = await told(await send(port, { headers: given ? { authorization: given } : {} }));
    expect(headers.authorization).toBe(wanted);
  });

  test("keeps its headers, the encoding of its body and the host it named", async () => {
    const { port } = await openBoth(echo);
    const headers = {
      ...{ host: "api.example.com", "content-encoding": "gzip", "git-protocol": "version=2" },
      ...{ "content-type": "application/x-git-upload-pack-request", "accept-encoding": "gzip, br" },
    };
    expect((await told(await send(port, { method: "POST", headers }))).headers).toMatchObject(headers);
  });

  test("loses what is between two neighbors only, what Connection names included", async () => {
    const { port } = await openBoth(echo);
    const answer = await sendRaw(
      port,
      [
        "GET /x HTTP/1.1",
        "Host: x",
        "Connection: close, X-Private, Keep-Alive",
        "X-Private: 1",
        "X-Public: 2",
        "Keep-Alive: timeout=5",
        "TE: trailers",
        "Proxy-Connection: keep-alive",
        "\r\n",
      ].join("\r\n"),
    );
    const { headers } = JSON.parse(answer.slice(answer.indexOf("{"), answer.lastIndexOf("}") + 1));
    expect(headers["x-public"]).toBe("2");
    for (const name of ["x-private", "keep-alive", "te", "proxy-connection"])
      expect(headers).not.toHaveProperty(name);
  });

  test.each(["wrong", SECRET, `${SECRET}, ${SECRET}`])(
    "cannot bring a credential of its own: %s",
    async (given) => {
      const { port } = await openBoth((request, response) =>
        response.end(
          JSON.stringify({ headers: { all: request.headersDistinct[PASSED_ON]?.join() ?? "none" } }),
        ),
      );
      const { headers } = await told(await send(port, { headers: { [PASSED_ON]: given } }));
      expect(headers.all).toBe(SECRET);
    },
  );

  test.each([
    ["of the span that it runs in", () => HERE, HERE],
    ["of no span", () => undefined, undefined],
    ["where nothing is traced", undefined, undefined],
  ])("has the place in a trace %s, and never the client's own word for it", async (_where, place, wanted) => {
    const { peer } = await openBoth(echo);
    const { port } = await openFront({ ...peer, ...(place ? { traceparent: place } : {}) });
    const { headers } = await told(await send(port, { headers: { traceparent: CLIENTS, "x-public": "2" } }));
    expect([headers.traceparent, headers["x-public"]]).toEqual([wanted, "2"]);
  });

  test("whose body is large is streamed, as it is", async () => {
    const { port } = await openBoth(async (request, response) => {
      const body = await readBuffer(request);
      response.end(`${request.headers["content-encoding"]} ${body.length} ${body.equals(packed)}`);
    });
    const packed = gzipSync(Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 7919) % 251)), {
      level: 0,
    });
    const headers = { "content-encoding": "gzip" };
    const answer = await send(port, { method: "POST", headers, body: packed });
    expect(await readText(answer)).toBe(`gzip ${packed.length} true`);
  });

  test.each(["GET", "DELETE", "POST"])("keeps the bounds of a body in chunks: %s", async (method) => {
    const bodies: string[] = [];
    const { port } = await openBoth(async (request, response) => {
      bodies.push(`${request.method} ${request.url} ${await readText(request)}`);
      response.end("done");
    });
    const inner = `GET /inner HTTP/1.1\r\nHost: x\r\n\r\n`;
    const body = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`;
    const head = `${method} /outer HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(await sendRaw(port, head + body)).toContain("done");
    expect(bodies).toEqual([`${method} /outer ${inner}`]);
  });

  test("is not read ahead of a peer that reads slowly", async () => {
    const gate = Promise.withResolvers<void>();
    const { port } = await openBoth(async (request, response) => {
      await gate.promise;
      let size = 0;
      for await (const chunk of request as AsyncIterable<Buffer>) size += chunk.length;
      response.end(`${size}`);
    });
    let made = 0;
    const outgoing = makeRequest({ host: "127.0.0.1", port, agent: false, method: "POST" });
    Readable.from(
      (async function* () {
        for (; made < 1_000; made++) yield Buffer.alloc(100_000);
      })(),
    ).pipe(outgoing);
    let before = -1;
    await vi.waitFor(
      () => {
        const still = made > 0 && made === before;
        before = made;
        expect(still).toBe(true);
      },
      { interval: 100, timeout: 5_000 },
    );
    expect(made).toBeLessThan(700);
    gate.resolve();
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    expect(await readText(answer)).toBe("100000000");
  });

  test("that waits for a 100 gets it", async () => {
    const { port } = await openBoth(async (request, response) => response.end(await readText(request)));
    const headers = { expect: "100-continue", "content-length": "5" };
    const outgoing = makeRequest({ host: "127.0.0.1", port, agent: false, method: "POST", headers });
    outgoing.flushHeaders();
    await once(outgoing, "continue");
    outgoing.end("hello");
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    expect(await readText(answer)).toBe("hello");
  });

  test("that is answered before it is read leaves its connection fit for the next", async () => {
    const { port } = await openBoth((request, response) =>
      request.method === "POST" ? response.writeHead(401).end("no") : response.end("next"),
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    closing.push(() => agent.destroy());
    const first = await send(port, { method: "POST", body: Buffer.alloc(20_000_000), agent });
    expect([first.statusCode, await readText(first)]).toEqual([401, "no"]);
    const next = await send(port, { agent });
    expect(await readText(next)).toBe("next");
  });
});

describe("an answer", () => {
  test("keeps its status and its headers, each as often as it was given", async () => {
    const { port } = await openBoth((_request, response) => {
      response.writeHead(401, [
        ...["Set-Cookie", "a=1; Path=/", "Set-Cookie", "b=2, 3"],
        ...["WWW-Authenticate", 'Basic realm="one"', "WWW-Authenticate", "Bearer"],
        ...[
          "Cache-Control",
          "no-cache",
          "Connection",
          "X-Private",
          "X-Private",
          "1",
          "Keep-Alive",
          "timeout=9",
        ],
        ...[PASSED_ON, SECRET],
      ]);
      response.end();
    });
    const answer = await send(port);
    expect(answer.statusCode).toBe(401);
    expect(answer.headersDistinct).toMatchObject({
      "set-cookie": ["a=1; Path=/", "b=2, 3"],
      "www-authenticate": ['Basic realm="one"', "Bearer"],
      "cache-control": ["no-cache"],
    });
    expect(answer.headers).not.toHaveProperty("x-private");
    expect(answer.rawHeaders.join()).not.toContain(SECRET);
    expect(answer.rawHeaders.join()).not.toContain("timeout=9");
  });

  test("of a body in an encoding is not decoded", async () => {
    const packed = gzipSync("hello");
    const { port } = await openBoth((_request, response) => {
      response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length }).end(packed);
    });
    const answer = await send(port);
    expect(answer.headers).toMatchObject({
      "content-encoding": "gzip",
      "content-length": `${packed.length}`,
    });
    expect((await readBuffer(answer)).equals(packed)).toBe(true);
  });

  test("to HEAD has its length and no body", async () => {
    const { port } = await openBoth((_request, response) =>
      response.writeHead(200, { "content-length": 7 }).end(),
    );
    const answer = await send(port, { method: "HEAD" });
    expect([answer.statusCode, answer.headers["content-length"], await readText(answer)]).toEqual([
      200,
      "7",
      "",
    ]);
  });

  test.each([204, 304, 302, 404, 500])("of %i arrives as such", async (status) => {
    const { port } = await openBoth((_request, response) => response.writeHead(status).end());
    const answer = await send(port);
    expect([answer.statusCode, await readText(answer)]).toEqual([status, ""]);
  });

  test("comes as it is made, its head first", async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { port } = await openBoth(async (_request, response) => {
      response.writeHead(200).flushHeaders();
      await gates[0]?.promise;
      response.write("one");
      await gates[1]?.promise;
      response.end("two");
    });
    const answer = await send(port);
    gates[0]?.resolve();
    expect(String((await once(answer, "data"))[0])).toBe("one");
    gates[1]?.resolve();
    expect(await readText(answer)).toBe("two");
  });

  test("is not read ahead of a client that reads slowly", async () => {
    let made = 0;
    const { port } = await openBoth((_request, response) => {
      Readable.from(
        (async function* () {
          for (; made < 1_000; made++) yield Buffer.alloc(100_000);
        })(),
      ).pipe(response);
    });
    const answer = await send(port);
    let before = -1;
    await vi.waitFor(
      () => {
        const still = made > 0 && made === before;
        before = made;
        expect(still).toBe(true);
      },
      { interval: 100, timeout: 5_000 },
    );
    expect(made).toBeLessThan(700);
    let size = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) size += chunk.length;
    expect(size).toBe(100_000_000);
  });
});

describe("a client that goes away", () => {
  test.each([
    ["while it waits", false],
    ["in the middle of its answer", true],
  ])("%s is gone for the peer too", async (_when, begins) => {
    const gone = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const { port, thrown } = await openBoth((_request, response) => {
      response.once("close", () => gone.resolve());
      if (begins) response.writeHead(200).write("begun");
      reached.resolve();
    });
    const outgoing = makeRequest({ host: "127.0.0.1", port, agent: false }).on("error", () => {});
    outgoing.end();
    await reached.promise;
    if (begins) await once(outgoing, "response");
    outgoing.destroy();
    await gone.promise;
    if (!begins) await vi.waitFor(() => expect(thrown).toEqual([expect.any(PeerGone)]));
    else expect(thrown).toEqual([]);
  });

  test("in the middle of its body is no end of the body for the peer", async () => {
    const read = Promise.withResolvers<unknown>();
    const reached = Promise.withResolvers<void>();
    const { port } = await openBoth(async (request) => {
      request.once("data", () => reached.resolve());
      read.resolve(await readText(request).catch((error: unknown) => error));
    });
    const outgoing = makeRequest({ host: "127.0.0.1", port, agent: false, method: "POST" }).on(
      "error",
      () => {},
    );
    outgoing.write("begun");
    await reached.promise;
    outgoing.destroy();
    expect(await read.promise).toBeInstanceOf(Error);
  });

  test("before its request is passed on ends that at once", async () => {
    const { peer } = await rig.serve({ passedOn: async () => {} });
    const passed = Promise.withResolvers<unknown>();
    const server = createServer((request, response) => {
      response.once("close", () => passOn(peer, request, response).catch(passed.resolve));
      response.destroy();
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    closing.push(() => server.close());
    await expect(send((server.address() as AddressInfo).port)).rejects.toThrow();
    expect(await passed.promise).toBeInstanceOf(PeerGone);
  });
});

describe("a peer that goes away", () => {
  test.each(["GET", "POST"])("before it answers is told: %s", async (method) => {
    const reached = Promise.withResolvers<void>();
    const { port, thrown, stop } = await openBoth(() => reached.resolve());
    const answering = send(port, { method, body: method === "GET" ? "" : "x" });
    await reached.promise;
    await stop();
    expect((await answering).statusCode).toBe(503);
    expect(thrown).toEqual([expect.any(PeerGone)]);
  });

  test("and was away before is told too, whatever the size of the body", async () => {
    const { port, thrown, stop } = await openBoth(echo);
    await stop();
    for (const body of ["", "x", Buffer.alloc(5_000_000)])
      expect((await send(port, { method: "POST", body })).statusCode).toBe(503);
    expect(thrown).toHaveLength(3);
    for (const error of thrown) expect(error).toBeInstanceOf(PeerGone);
  });

  test.each([{}, { "content-length": "100" }])(
    "in the middle of its answer breaks the client's connection",
    async (headers) => {
      const { port, thrown, stop } = await openBoth((_request, response) =>
        response.writeHead(200, headers).write("begun"),
      );
      const answer = await send(port);
      await once(answer, "data");
      const reading = expect(readText(answer)).rejects.toThrow();
      await stop();
      await reading;
      expect(thrown).toEqual([]);
    },
  );

  test("in the middle of a large body does not stop the process that passes it on", async () => {
    const { port, stop } = await openBoth((request) => void request.once("data", () => void stop()));
    const answer = await send(port, { method: "POST", body: Buffer.alloc(30_000_000) }).catch(
      (e: Error) => e,
    );
    expect(answer instanceof Error || answer.statusCode === 503).toBe(true);
    expect((await send(port)).statusCode).toBe(503);
  });
});

describe("the credential of what is passed on", () => {
  test.each(["", "wrong", "s3creT", `${SECRET}2`, `Bearer ${SECRET}`])("must not be %j", async (secret) => {
    const passedOn = vi.fn();
    const { peer } = await rig.serve({ passedOn });
    const { port } = await openFront({ ...peer, secret });
    const answer = await send(port, { headers: { authorization: "Basic Zm9vOmJhcg==" } });
    expect([answer.statusCode, JSON.parse(await readText(answer))]).toMatchObject([
      401,
      { id: "unauthorized" },
    ]);
    expect(passedOn).not.toHaveBeenCalled();
  });

  test("opens none of the peer's own routes", async () => {
    const handler = vi.fn(async () => 1);
    const passedOn = async (_request: IncomingMessage, response: ServerResponse) =>
      response.writeHead(404).end();
    const { peer } = await rig.serve({ routes: { handlers: { "GET /x": handler } }, passedOn });
    const { port } = await openFront(peer);
    const given: Sent["headers"][] = [{}, { authorization: `Bearer ${SECRET}` }];
    for (const headers of given)
      expect((await send(port, { path: "/x", headers: headers ?? {} })).statusCode).toBe(404);
    expect(handler).not.toHaveBeenCalled();
    expect(await callPeer(peer, "GET /x")).toBe(1);
  });

  test("is nothing to a peer that takes nothing for clients", async () => {
    const { peer } = await rig.serve({ routes: { handlers: { "GET /x": async () => 1 } } });
    const { port } = await openFront(peer);
    expect((await send(port, { path: "/x" })).statusCode).toBe(401);
  });

  test("is no credential for an upgrade", async () => {
    const upgrade = vi.fn();
    const { peer } = await rig.serve({
      passedOn: async () => {},
      routes: { upgrades: { "GET /up": upgrade } },
    });
    const headers = {
      authorization: "Basic x",
      [PASSED_ON]: SECRET,
      connection: "Upgrade",
      upgrade: "conifer",
    };
    const [answer] = (await once(open(peer, "GET /up", { headers }).end(), "response")) as [IncomingMessage];
    expect(answer.statusCode).toBe(401);
    answer.resume();
    expect(upgrade).not.toHaveBeenCalled();
  });
});
