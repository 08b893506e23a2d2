import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { RequestListener, ServerOptions } from "node:http";
import { request as httpRequest, Agent as PlainAgent } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, createSecureContext } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { openCertificateAuthority } from "../edge/certificate/index.ts";
import { silentLogger } from "../kernel/index.ts";
import { type ApiListener, type ApiListenerOptions, makeApiListener } from "./api-listener.ts";

let folder: string;
let ca: string;
let issued: ReturnType<ApiListenerOptions["tls"]>;
const tls = () => issued;
const running: ApiListener[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-listener-"));
  const authority = openCertificateAuthority({
    caFile: join(folder, "ca.pem"),
    keyFile: join(folder, "ca.key"),
    now: () => new Date(),
  });
  ca = authority.caPem;
  issued = authority.issue(["localhost", "127.0.0.1", "::1"]);
});
afterEach(async () => {
  for (const listener of running.splice(0)) await listener.stop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Started {
  readonly listener: ApiListener;
  readonly port: number;
}

/** Answers `<method> <url> <length of the body>` unless told otherwise. */
const echo: RequestListener = (request, response) => {
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    length += chunk.length;
  });
  request.on("end", () => response.end(`${request.method} ${request.url} ${length}`));
};

async function start(
  options: Partial<ApiListenerOptions> = {},
  handler: RequestListener = echo,
  serverOptions: ServerOptions = {},
): Promise<Started> {
  const listener = makeApiListener({
    port: 0,
    addresses: ["127.0.0.1"],
    tls,
    rendezvous: (socket, first) => socket.end(`met ${first}`),
    logger: silentLogger,
    graceMs: 200,
    ...options,
  });
  listener.makeServer(serverOptions, handler);
  running.push(listener);
  return { listener, port: await listener.listen() };
}

async function plain(port: number, host = "127.0.0.1"): Promise<Socket> {
  const socket = connect(port, host);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

async function secure(port: number) {
  const socket = connectTls({ port, host: "127.0.0.1", ca, servername: "localhost" });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  return socket;
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk;
  return text;
}

/** One request by Node's client; resolves with status, headers and body. */
async function get(url: string, options: object = {}) {
  const request = (url.startsWith("https") ? httpsRequest : httpRequest)(url, { ca, ...options });
  request.end();
  const [response] = await once(request, "response");
  return { status: response.statusCode, headers: response.headers, text: await textOf(response) };
}

test("a name with a certificate of its own gets that one, others the one for all", async () => {
  const authority = openCertificateAuthority({
    caFile: join(folder, "ca.pem"),
    keyFile: join(folder, "ca.key"),
    now: () => new Date(),
  });
  const given = createSecureContext(authority.issue(["api.example.com"]));
  const { port } = await start({
    certificateFor: (host) => {
      if (host === "broken.example.com") throw new Error("files that cannot be read");
      return host === "api.example.com" ? given : undefined;
    },
  });
  const nameOn = async (servername: string) => {
    const socket = connectTls({
      port,
      host: "127.0.0.1",
      ca,
      servername,
      checkServerIdentity: () => undefined,
    });
    await once(socket, "secureConnect");
    const { subjectaltname } = socket.getPeerCertificate();
    socket.end("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    return [subjectaltname, await textOf(socket)];
  };
  expect(await nameOn("API.example.com")).toEqual(["DNS:api.example.com", expect.stringContaining("200 OK")]);
  expect(await nameOn("localhost")).toEqual([expect.stringContaining("DNS:localhost"), expect.anything()]);
  await expect(nameOn("broken.example.com")).rejects.toThrow();
  expect((await get(`https://localhost:${port}/after`)).text).toBe("GET /after 0");
});

describe("one port", () => {
  test("speaks http, https and rendezvous inside TLS", async () => {
    const { port } = await start();
    expect((await get(`http://127.0.0.1:${port}/a`)).text).toBe("GET /a 0");
    expect((await get(`https://localhost:${port}/b`, { family: 4 })).text).toBe("GET /b 0");
    const client = await secure(port);
    client.write("rz-secret\r\n");
    expect(await textOf(client)).toBe("met rz-secret\r\n");
  });

  test("is the same on 127.0.0.1 and ::1", async () => {
    const { port } = await start({ addresses: ["127.0.0.1", "::1"] });
    expect((await get(`http://127.0.0.1:${port}/four`)).text).toBe("GET /four 0");
    expect((await get(`http://[::1]:${port}/six`)).text).toBe("GET /six 0");
  });

  test("that is taken is an error, and nothing stays open", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const listener = makeApiListener({
      port,
      addresses: ["::1", "127.0.0.1"],
      tls,
      rendezvous: () => {},
      logger: silentLogger,
    });
    await expect(listener.listen()).rejects.toMatchObject({
      code: "EADDRINUSE",
      address: "127.0.0.1",
      port,
    });
    const again = createServer().listen(port, "::1");
    await once(again, "listening");
    again.close();
    other.close();
  });
});

describe("a connection", () => {
  test("that shows nothing is closed in time, plain and inside TLS", async () => {
    const { port } = await start({ firstBytesMs: 100 });
    const silent = await plain(port);
    await once(silent, "close");
    const silentInside = await secure(port);
    await once(silentInside, "close");
    const halfHandshake = await plain(port);
    halfHandshake.write(Buffer.from([0x16]));
    await once(halfHandshake, "close");
  });

  test("may show its first bytes one at a time", async () => {
    const { port } = await start();
    const slow = await plain(port);
    for (const letter of "GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") {
      slow.write(letter);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await textOf(slow)).toMatch(/\r\n\r\nGET \/slow 0$/);
  });

  test("that ends its own side still gets its answer", async () => {
    const { port } = await start();
    const half = await plain(port);
    half.end("GET /half HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(await textOf(half)).toContain("GET /half 0");
    const nothing = await plain(port);
    nothing.end();
    expect(await textOf(nothing)).toBe("");
  });

  test("of TLS garbage is closed and hurts nobody", async () => {
    const { port } = await start();
    const garbage = await plain(port);
    garbage.write(Buffer.concat([Buffer.from([0x16, 3, 1, 0, 40]), Buffer.alloc(60, 7)]));
    await once(garbage.resume(), "close");
    const text = await plain(port);
    text.write("not http at all\r\n\r\n");
    expect(await textOf(text)).toMatch(/^HTTP\/1\.1 400 /);
    expect((await get(`http://127.0.0.1:${port}/`)).text).toBe("GET / 0");
  });

  test("whose headers never end is closed", async () => {
    const slow = { headersTimeout: 100, requestTimeout: 0, connectionsCheckingInterval: 30 };
    const { port } = await start({}, echo, slow);
    const client = await plain(port);
    client.write("GET / HTTP/1.1\r\nHost:");
    expect(await textOf(client)).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("is kept alive, and answers pipelined requests in order", async () => {
    const { port } = await start();
    const agent = new PlainAgent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    agent.on("free", (socket: Socket) => ports.add(socket.localPort));
    for (const path of ["/1", "/2", "/3"]) await get(`http://127.0.0.1:${port}${path}`, { agent });
    expect(ports.size).toBe(1);
    agent.destroy();

    const client = await plain(port);
    const one = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
    client.write(one("/a") + one("/b") + one("/c", "Connection: close\r\n"));
    expect((await textOf(client)).match(/GET \/[abc] 0/g)).toEqual(["GET /a 0", "GET /b 0", "GET /c 0"]);
  });

  test.each(["http", "https"])("takes a large upload over %s", async (scheme) => {
    const { port } = await start();
    const send = scheme === "https" ? httpsRequest : httpRequest;
    const request = send(`${scheme}://127.0.0.1:${port}/up`, { method: "PUT", ca });
    const chunk = Buffer.alloc(1024 * 1024, "x");
    for (let i = 0; i < 20; i++) if (!request.write(chunk)) await once(request, "drain");
    request.end();
    const [response] = await once(request, "response");
    expect(await textOf(response)).toBe(`PUT /up ${20 * 1024 * 1024}`);
  });

  test("that the client breaks off ends the request's signal", async () => {
    const reached = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const { port } = await start({}, (_request, response) => {
      response.on("close", closed.resolve);
      reached.resolve();
    });
    const client = await plain(port);
    client.write("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf");
    await reached.promise;
    client.destroy();
    await closed.promise;
  });
});

test.each([
  [86_400_000, 1],
  [0, 3],
])("a certificate is used for %i ms", async (renewTlsMs, wanted) => {
  const ask = vi.fn(tls);
  const { port } = await start({ tls: ask, renewTlsMs });
  for (let i = 0; i < 3; i++) await get(`https://127.0.0.1:${port}/`, { agent: false });
  expect(ask).toHaveBeenCalledTimes(wanted);
});

describe("beyond loopback", () => {
  test("plain http is answered with a redirect only", async () => {
    const handler = vi.fn(echo);
    const { port } = await start({ mayBePlain: () => false }, handler);
    const answer = await get(`http://127.0.0.1:${port}/apps?x=1`, {
      method: "POST",
      headers: { host: `paas.example.com:${port}`, authorization: "Bearer secret" },
    });
    expect(answer.status).toBe(308);
    expect(answer.headers.location).toBe(`https://paas.example.com:${port}/apps?x=1`);
    expect(answer.headers.connection).toBe("close");
    expect(answer.text).not.toContain("secret");
    expect(handler).not.toHaveBeenCalled();
    const client = await plain(port);
    client.write("GET / HTTP/1.1\r\nHost: a b\r\n\r\n");
    expect(await textOf(client)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("https is served as everywhere", async () => {
    const { port } = await start({ mayBePlain: () => false });
    expect((await get(`https://127.0.0.1:${port}/`)).text).toBe("GET / 0");
  });
});

describe("stopping", () => {
  test("closes idle connections at once and lets requests finish", async () => {
    const reached = Promise.withResolvers<void>();
    const { listener, port } = await start({ graceMs: 10_000 }, (request, response) => {
      if (request.url !== "/slow") return void response.end("quick");
      setTimeout(() => response.end("done"), 100);
      reached.resolve();
    });
    const agent = new PlainAgent({ keepAlive: true });
    await get(`http://127.0.0.1:${port}/`, { agent });
    const slow = get(`http://127.0.0.1:${port}/slow`, { agent });
    await reached.promise;
    const began = performance.now();
    await listener.stop();
    expect(performance.now() - began).toBeLessThan(5_000);
    expect((await slow).text).toBe("done");
    await expect(get(`http://127.0.0.1:${port}/`)).rejects.toThrow(/ECONNREFUSED/);
    agent.destroy();
  });

  test("cuts what goes on for longer, and may be asked twice", async () => {
    const reached = Promise.withResolvers<void>();
    const { listener, port } = await start({ graceMs: 100 }, () => reached.resolve());
    const hanging = get(`http://127.0.0.1:${port}/`).catch((thrown: Error) => thrown);
    await reached.promise;
    await Promise.all([listener.stop(), listener.stop()]);
    expect(await hanging).toBeInstanceOf(Error);
  });
});
