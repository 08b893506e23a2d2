import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LogLine, type Running, silentLogger, systemClock } from "../../../kernel/index.ts";
import { DEFAULT_INTAKE, type LogQuery, type ReadLine } from "../../../observe/log/index.ts";
import { describeLogStore } from "../../../observe/log/log-store-suite.ts";
import { type SocketPeer, startLocalServer } from "../local/index.ts";
import { type LogClient, makeLogClient } from "./log-client.ts";
import { logRoutes } from "./log-routes.ts";
import { type LogStore, type LogStoreLimits, openLogStore } from "./log-store.ts";
import type { SinkLimits } from "./remote-sink.ts";

const APP = "11111111-1111-4111-8111-111111111111";

/** A host that can be started, killed and started again, and a client of it. */
function makeRig() {
  let folder = "";
  let store: LogStore | undefined;
  let server: Running | undefined;
  const clients: LogClient[] = [];
  const peer = (): SocketPeer => ({ socketPath: join(folder, "host.sock"), secret: "s" });
  return {
    async prepare() {
      folder = await mkdtemp(join(tmpdir(), "conifer-logs-"));
    },
    async start(limits: Partial<LogStoreLimits> = {}): Promise<LogStore> {
      store = openLogStore({
        folder: join(folder, "logs"),
        now: systemClock,
        logger: silentLogger,
        limits: { flushMs: 2, ...limits },
      });
      const routes = [logRoutes(store)];
      server = await startLocalServer({ ...peer(), routes, logger: silentLogger });
      return store;
    },
    async end() {
      await server?.stop();
      await store?.stop();
      server = undefined;
      store = undefined;
    },
    client(limits: Partial<SinkLimits> = {}): LogClient {
      const now = systemClock;
      const client = makeLogClient({
        peer: peer(),
        now,
        logger: silentLogger,
        limits: { flushMs: 5, ...limits },
      });
      clients.push(client);
      return client;
    },
    async clear() {
      for (const client of clients) await client.sink.stop();
      await this.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const lineOf = (message: string, appId = APP): LogLine => ({
  appId,
  time: new Date("2026-01-02T03:04:05.678Z"),
  source: "heroku",
  process: "router",
  message,
});
const query = (change: Partial<LogQuery> = {}): LogQuery => ({
  appId: APP,
  filter: {},
  lines: 100,
  tail: false,
  ...change,
});

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error("it did not come true within five seconds");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function messagesOf(client: LogClient): Promise<string[]> {
  const messages: string[] = [];
  for await (const line of client.reader.read(query(), new AbortController().signal))
    messages.push(line.message);
  return messages;
}

describeLogStore("over the local protocol", () => {
  const rig = makeRig();
  return {
    async open({ intake, tail }) {
      await rig.prepare();
      const store = await rig.start({ intake: { ...DEFAULT_INTAKE, ...intake }, ...(tail ? { tail } : {}) });
      // Reading goes over the wire; writing does too in the tests below, where it needs no budget.
      return { ...store, read: rig.client().reader.read, forget: rig.client().reader.forget };
    },
    close: () => rig.clear(),
  };
});

describe("log client", () => {
  const rig = makeRig();
  beforeEach(() => rig.prepare());
  afterEach(() => rig.clear());

  it("writes lines in order, whatever they hold", async () => {
    await rig.start();
    const client = rig.client({ batchLines: 7 });
    const written = Array.from({ length: 100 }, (_, i) => `line ${i} ü "quoted" \\ \u{1f332}`);
    for (const message of written) client.sink.write(lineOf(message));
    await until(async () => (await messagesOf(client)).length === 100);
    expect(await messagesOf(client)).toEqual(written);
  });

  it("keeps lines while the host is away and sends them when it is back", async () => {
    const client = rig.client();
    for (let i = 0; i < 10; i++) client.sink.write(lineOf(`early ${i}`));
    await rig.start();
    await until(async () => (await messagesOf(client)).length === 10);
    await rig.end();
    for (let i = 0; i < 10; i++) client.sink.write(lineOf(`late ${i}`));
    await rig.start();
    await until(async () => (await messagesOf(client)).length === 20);
  });

  it("drops and counts what does not fit, and tells it with L13 in the right log", async () => {
    const client = rig.client({ lines: 50 });
    for (let i = 0; i < 80; i++) client.sink.write(lineOf(`line ${i}`));
    await rig.start();
    await until(async () => (await messagesOf(client)).length === 51);
    expect((await messagesOf(client)).at(-1)).toMatch(
      /^Error L13 \(Local delivery error\): 30 messages lost since 20/,
    );
  });

  it("sends what waits when it is stopped, and gives up in time without a host", async () => {
    const store = await rig.start();
    const client = rig.client({ flushMs: 60_000 });
    client.sink.write(lineOf("last words"));
    await client.sink.stop();
    await store.synced();
    expect(await messagesOf(rig.client())).toEqual(["last words"]);
    await rig.end();
    const lonely = rig.client({ stopMs: 50 });
    lonely.sink.write(lineOf("nobody hears"));
    const before = performance.now();
    await lonely.sink.stop();
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  it("goes on with a tail after the host was away, without loss or repeats", async () => {
    await rig.start();
    const client = rig.client();
    const lines: ReadLine[] = [];
    const end = new AbortController();
    const reading = (async () => {
      for await (const line of client.reader.read(query({ tail: true }), end.signal)) lines.push(line);
    })();
    client.sink.write(lineOf("before"));
    await until(async () => lines.length === 1);
    await rig.end();
    const store = await rig.start();
    store.write(lineOf("meanwhile"));
    client.sink.write(lineOf("after"));
    await until(async () => lines.length === 3);
    expect(lines.map(({ message }) => message).sort()).toEqual(["after", "before", "meanwhile"]);
    end.abort();
    await reading;
  });

  it("says that the host is away when a history cannot be read", async () => {
    await expect(messagesOf(rig.client())).rejects.toThrow(/did not answer/);
  });
});
