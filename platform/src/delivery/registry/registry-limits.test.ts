import { once } from "node:events";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { afterEach, expect, it } from "vitest";
import { type LogFields, silentLogger } from "../../kernel/index.ts";
import { digestOf } from "../image/index.ts";
import type { RegistryLimits } from "./registry-call.ts";
import { makeFakeRegistryStores } from "./registry-fake.ts";
import {
  basic,
  eventually,
  pushBlob,
  pushImage,
  startTestRegistry,
  type TestRegistry,
} from "./registry-fixtures.ts";

const APP = "team/app";
let registry: TestRegistry;
afterEach(() => registry.registry.stop());

async function start(limits: Partial<RegistryLimits> = {}, logger = silentLogger) {
  const stores = makeFakeRegistryStores();
  registry = await startTestRegistry(stores, limits, logger);
  return stores;
}

/** Opens a request that announces a body and sends none of it yet. */
function openBody(method: string, path: string, length = 1_000): ClientRequest {
  const headers = { authorization: basic(registry.push(APP)), "content-length": length };
  const request = httpRequest({
    host: "127.0.0.1",
    port: registry.port,
    method,
    path,
    headers,
    agent: false,
  });
  request.on("error", () => {}).flushHeaders();
  return request;
}

const answerOf = async (request: ClientRequest) =>
  ((await once(request, "response")) as [IncomingMessage])[0];
const single = (text = "content") => `/v2/${APP}/blobs/uploads/?digest=${digestOf(text)}`;

it("breaks off an upload that comes too slowly, and keeps nothing of it", async () => {
  const { uploads } = await start({ pace: { windowMs: 50, leastBytes: 100 } });
  const request = openBody("POST", single());
  request.write("c");
  const response = await answerOf(request);
  expect([response.statusCode, response.headers.connection]).toEqual([408, "close"]);
  await once(response.resume(), "end");
  await once(request, "close");
  expect(await uploads.dropOlder(new Date(Date.now() + 60_000))).toBe(0);
});

it("breaks off a manifest and a token's form that come too slowly", async () => {
  await start({ pace: { windowMs: 50, leastBytes: 100 } });
  for (const [method, path] of [
    ["PUT", `/v2/${APP}/manifests/v1`],
    ["POST", "/v2/token"],
  ] as const) {
    const request = openBody(method, path);
    request.write("{");
    expect((await answerOf(request)).statusCode).toBe(408);
    request.destroy();
  }
});

it("takes so many bodies at a time, and tells more of them to come back", async () => {
  await start({ bodies: 2 });
  const location = async () =>
    (await registry.ask(`POST /v2/${APP}/blobs/uploads/`, registry.push(APP))).headers.location ?? "";
  const all = [await location(), await location()];
  const first = all.map((path) => openBody("PATCH", path));
  for (const request of first) request.write("x");
  const arrived = async () =>
    await Promise.all(
      all.map((path) => registry.ask(`GET ${path}`, registry.push(APP)).then((r) => r.headers)),
    );
  await eventually(
    async () => (await registry.ask(`POST ${single()}`, registry.push(APP), { body: "content" })).status,
  ).toBe(429);
  expect(await arrived()).toHaveLength(2);
  const third = await registry.ask(`POST ${single()}`, registry.push(APP), { body: "content" });
  expect([third.status, third.codes, third.headers["retry-after"]]).toEqual([429, ["TOOMANYREQUESTS"], "5"]);
  for (const request of first) request.destroy();
  const again = () => registry.ask(`POST ${single()}`, registry.push(APP), { body: "content" });
  await eventually(async () => (await again()).status).toBe(201);
});

it("breaks off a download of which nobody takes anything", async () => {
  const broken: LogFields[] = [];
  const info = (_message: string, fields: LogFields = {}) => {
    if (fields.broken) broken.push(fields);
  };
  const stores = await start({ stallMs: 100 }, { ...silentLogger, info });
  const { digest } = await stores.content.write(Buffer.alloc(64 * 1024 * 1024));
  await stores.records.holdBlob({ space: "team", name: "app" }, digest);
  const socket = connect(registry.port, "127.0.0.1");
  const credential = `Authorization: ${basic(registry.pull("team"))}`;
  socket.write(`GET /v2/${APP}/blobs/${digest} HTTP/1.1\r\nHost: x\r\n${credential}\r\n\r\n`);
  socket.pause();
  // What is under way in the kernel arrives, and then the end.
  await eventually(() => broken.length).toBe(1);
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => (bytes += chunk.length)).on("error", () => {});
  socket.resume();
  await once(socket, "close");
  expect(bytes).toBeLessThan(64 * 1024 * 1024);
});

it("ends what is in flight when it stops, and accepts no more", async () => {
  await start();
  const request = openBody("POST", single(), "content".length);
  request.write("con");
  await eventually(async () => (await registry.ask("GET /v2/", registry.pull("team"))).status).toBe(200);
  const stopped = registry.registry.stop();
  await expect(registry.ask("GET /v2/", registry.pull("team"))).rejects.toMatchObject({
    code: "ECONNREFUSED",
  });
  const answered = answerOf(request);
  request.end("tent");
  expect((await answered).statusCode).toBe(201);
  await stopped;
});

it("breaks off what does not end in time when it stops", async () => {
  await start({ stopMs: 50 });
  const request = openBody("POST", single());
  request.write("con");
  await eventually(async () => (await registry.ask("GET /v2/", registry.pull("team"))).status).toBe(200);
  const closed = new Promise((resolve) => request.once("close", resolve));
  await registry.registry.stop();
  await closed;
});

it("lets a client write its body to the end before it reads why that is refused", async () => {
  await start({ repositoryBytes: 1_000 });
  const length = 12 * 1024 * 1024;
  const socket = connect(registry.port, "127.0.0.1");
  let failed: Error | undefined;
  socket.on("error", (thrown) => (failed = thrown));
  const head = `POST ${single()} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n`;
  socket.write(`${head}Authorization: ${basic(registry.push(APP))}\r\n\r\n`);
  for (let sent = 0; sent < length; sent += 65_536) {
    const flushed = new Promise<void>((resolve) => socket.write(Buffer.alloc(65_536), () => resolve()));
    await flushed;
  }
  expect(failed).toBeUndefined();
  let said = "";
  socket.setEncoding("latin1").on("data", (text) => (said += text));
  await once(socket, "close");
  expect([said.slice(0, 12), said.includes('"code":"DENIED"')]).toEqual(["HTTP/1.1 403", true]);
});

it("answers 500 with an id, and nothing of what failed, when a store fails", async () => {
  const stores = await start();
  await pushImage(registry, APP, { tag: "v1" });
  stores.records.findManifest = () => Promise.reject(new Error("the disk is full of sand"));
  const { status, text, codes } = await registry.ask(`GET /v2/${APP}/manifests/v1`, registry.pull("team"));
  expect([status, codes]).toEqual([500, ["UNKNOWN"]]);
  expect(text).not.toContain("sand");
});

it("ends a download short when the store fails in its middle", async () => {
  const stores = await start();
  const { digest } = await pushBlob(registry, APP, "0123456789");
  stores.content.read = async () =>
    Readable.from(
      (async function* () {
        yield Buffer.from("01234");
        throw new Error("a bad sector");
      })(),
    );
  await expect(registry.ask(`GET /v2/${APP}/blobs/${digest}`, registry.pull("team"))).rejects.toThrow();
});

it("refuses headers that are too large and bytes that are no http", async () => {
  await start();
  for (const bytes of [
    `GET /v2/ HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
    "\u0016\u0003\u0001 hello\r\n\r\n",
  ]) {
    const socket = connect(registry.port, "127.0.0.1");
    socket.on("error", () => {});
    let said = "";
    socket.setEncoding("latin1").on("data", (text) => (said += text));
    socket.write(bytes);
    await once(socket, "close");
    expect(said).toMatch(/^HTTP\/1\.1 4\d\d /);
  }
});
