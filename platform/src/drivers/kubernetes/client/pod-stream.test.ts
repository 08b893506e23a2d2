import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import type { KubeAccess } from "./kube-access.ts";
import { openPodStream, type PodStreamRequest, readEnd, streamUrl } from "./pod-stream.ts";

const attach: PodStreamRequest = {
  kind: "attach",
  namespace: "a",
  pod: "p",
  container: "dyno",
  terminal: false,
};
const servers: WebSocketServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate();
    server.close();
  }
});

/** The far end of a connection, as a node has it. */
async function serve(): Promise<{
  access: KubeAccess;
  far: Promise<WebSocket>;
  headers: Promise<Record<string, unknown>>;
}> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  servers.push(server);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const connected = once(server, "connection");
  const access: KubeAccess = {
    server: `http://127.0.0.1:${port}`,
    ...{ ca: undefined, serverName: undefined, insecure: false, namespace: "default" },
    credentials: async () => ({ token: "abc" }),
  };
  return {
    access,
    far: connected.then(([socket]) => socket as WebSocket),
    headers: connected.then(([, request]) => (request as { headers: Record<string, unknown> }).headers),
  };
}

const message = (channel: number, text: string | Buffer) =>
  Buffer.concat([Buffer.from([channel]), Buffer.isBuffer(text) ? text : Buffer.from(text)]);

describe("where a stream is asked for", () => {
  test.each([
    [
      "pipes",
      attach,
      "/api/v1/namespaces/a/pods/p/attach?container=dyno&stdin=true&stdout=true&stderr=true&tty=false",
    ],
    [
      "a terminal",
      { ...attach, terminal: true } as PodStreamRequest,
      "/api/v1/namespaces/a/pods/p/attach?container=dyno&stdin=true&stdout=true&stderr=false&tty=true",
    ],
    [
      "a command, word by word",
      { ...attach, kind: "exec", command: ["sh", "-c", "a & b"] } as PodStreamRequest,
      "/api/v1/namespaces/a/pods/p/exec?container=dyno&stdin=true&stdout=true&stderr=true&tty=false" +
        "&command=sh&command=-c&command=a%20%26%20b",
    ],
  ])("%s", (_what, request, path) => {
    expect(streamUrl("https://192.0.2.1:6443", request)).toBe(`wss://192.0.2.1:6443${path}`);
    expect(streamUrl("http://192.0.2.1", request)).toBe(`ws://192.0.2.1${path}`);
  });
});

describe("a stream", () => {
  test("says who asks and by which protocol", async () => {
    const { access, headers } = await serve();
    const stream = await openPodStream(access, attach);
    expect(await headers).toMatchObject({
      authorization: "Bearer abc",
      "sec-websocket-protocol": "v5.channel.k8s.io",
    });
    stream.close();
    await stream.ended;
  });

  test("carries each output on its own channel, to its end", async () => {
    const { access, far } = await serve();
    const stream = await openPodStream(access, attach);
    const node = await far;
    const texts = Promise.all([stream.stdout.toArray(), stream.stderr.toArray()]);
    for (const part of [
      message(1, "out "),
      message(2, "err"),
      message(1, ""),
      message(1, "put"),
      message(9, "?"),
    ])
      node.send(part);
    node.send(message(3, JSON.stringify({ status: "Success" })));
    node.close();
    expect((await texts).map((chunks) => Buffer.concat(chunks as Buffer[]).toString())).toEqual([
      "out put",
      "err",
    ]);
    expect(await stream.ended).toEqual({ exitCode: 0 });
  });

  test("carries input, its size and its end", async () => {
    const { access, far } = await serve();
    const stream = await openPodStream(access, { ...attach, terminal: true });
    const node = await far;
    const received: Buffer[] = [];
    node.on("message", (data: Buffer) => received.push(data));
    stream.resize(133, 41);
    stream.stdin.write(Buffer.alloc(0));
    stream.stdin.write("hello");
    stream.stdin.end();
    await new Promise<void>((resolve) => node.on("message", () => received.length === 3 && resolve()));
    expect(received).toEqual([
      message(4, '{"Width":133,"Height":41}'),
      message(0, "hello"),
      message(255, "\u0000"),
    ]);
    stream.close();
  });

  test("large input goes in pieces and arrives whole", async () => {
    const { access, far } = await serve();
    const stream = await openPodStream(access, attach);
    const node = await far;
    const sent = Buffer.alloc(1_000_000, "abcdefg");
    const received: Buffer[] = [];
    const whole = new Promise<void>((resolve) =>
      node.on("message", (data: Buffer) => {
        if (data[0] === 255) resolve();
        else received.push(data.subarray(1));
      }),
    );
    stream.stdin.end(sent);
    await whole;
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    expect(Math.max(...received.map(({ length }) => length))).toBeLessThanOrEqual(65_536);
    stream.close();
  });

  test("a reader that is slow slows the sender, and loses nothing", async () => {
    const { access, far } = await serve();
    const stream = await openPodStream(access, attach);
    const node = await far;
    const piece = Buffer.alloc(65_536, 1);
    for (let n = 0; n < 256; n++) node.send(message(1, piece));
    await new Promise<void>((resolve) => {
      const look = () => (stream.stdout.readableLength > 0 ? resolve() : setImmediate(look));
      look();
    });
    expect(stream.stdout.readableLength).toBeLessThan(1_000_000);
    node.close();
    let bytes = 0;
    for await (const chunk of stream.stdout) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(256 * 65_536);
  });

  test("what is written after the end is dropped without an error", async () => {
    const { access, far } = await serve();
    const stream = await openPodStream(access, attach);
    (await far).terminate();
    await stream.ended;
    await new Promise<void>((resolve) => stream.stdin.write("late", () => resolve()));
    stream.resize(1, 1);
    stream.stdin.end();
  });

  test("a server that is not there, or refuses, is told of", async () => {
    const { access } = await serve();
    const [server] = servers.splice(0);
    await new Promise((resolve) => server?.close(resolve));
    await expect(openPodStream(access, attach)).rejects.toThrow(/attach to p: .*ECONNREFUSED/);
  });
});

test.each([
  ["success", '{"status":"Success"}', { exitCode: 0 }],
  [
    "an exit status",
    '{"status":"Failure","message":"command terminated with 7","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}',
    { exitCode: 7, message: "command terminated with 7" },
  ],
  ["a failure", '{"status":"Failure","message":"container not found"}', { message: "container not found" }],
  ["a text", "error dialing backend", { message: "error dialing backend" }],
])("the server's word on the end is read: %s", (_what, text, expected) => {
  expect(readEnd(text)).toEqual(expected);
});
