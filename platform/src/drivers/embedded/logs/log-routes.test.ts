import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Running, silentLogger, systemClock } from "../../../kernel/index.ts";
import { callPeer, type LocalPeer, open, startLocalServer, streamPeer } from "../local/index.ts";
import { logRoutes, READ_ROUTE, WRITE_ROUTE } from "./log-routes.ts";
import { type LogStore, openLogStore } from "./log-store.ts";

const APP = "11111111-1111-4111-8111-111111111111";
let folder = "";
let peer: LocalPeer;
let store: LogStore;
let server: Running;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "conifer-routes-"));
  peer = { socketPath: join(folder, "host.sock"), secret: "s" };
  store = openLogStore({ folder: join(folder, "logs"), now: systemClock, logger: silentLogger });
  server = await startLocalServer({ ...peer, routes: [logRoutes(store)], logger: silentLogger });
});
afterEach(async () => {
  await server.stop();
  await store.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Posts a body as it is, in chunks, and returns the answer. */
async function post(...chunks: string[]): Promise<{ status: number | undefined; body: unknown }> {
  const request = open(peer, WRITE_ROUTE, { headers: { "content-type": "application/x-ndjson" } });
  for (const chunk of chunks) request.write(chunk);
  request.end();
  return await new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", async (response) => {
      const parts: Buffer[] = [];
      for await (const part of response) parts.push(part);
      resolve({ status: response.statusCode, body: JSON.parse(Buffer.concat(parts).toString()) });
    });
  });
}

const line = (message: string) => `${JSON.stringify([APP, 0, "app", "web.1", message])}\n`;
const history = { appId: APP, filter: {}, lines: 10, tail: false };

async function messagesOf(): Promise<string[]> {
  const found: string[] = [];
  for await (const each of store.read(history, new AbortController().signal)) found.push(each.message);
  return found;
}

describe("the log routes of the host", () => {
  it("take lines however their body is cut", async () => {
    const body = line("ü one") + line("two");
    expect(await post(body.slice(0, 20), body.slice(20, 60), `${body.slice(60)}\n`)).toEqual({
      status: 200,
      body: { taken: 2 },
    });
    expect(await messagesOf()).toEqual(["ü one", "two"]);
    expect(await post("")).toEqual({ status: 200, body: { taken: 0 } });
  });

  it.each(["not json\n", '{"appId": 1}\n', "[1]\n"])(
    "refuse %j, and keep the lines before it",
    async (wrong) => {
      const answer = await post(line("fine") + wrong + line("after"));
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ id: "bad_request" });
      expect(await messagesOf()).toEqual(["fine"]);
    },
  );

  it.each([
    undefined,
    {},
    { appId: 1, lines: 1, filter: {} },
    { appId: APP, filter: {} },
    { appId: APP, lines: 1 },
  ])("refuse the query %j", async (body) => {
    await expect(callPeer(peer, READ_ROUTE, { body })).rejects.toThrow(/needs appId, lines and filter/);
  });

  it("end a tail when its reader goes", async () => {
    const end = new AbortController();
    const stream = streamPeer(peer, READ_ROUTE, { body: { ...history, tail: true }, signal: end.signal });
    expect(await stream.next()).toEqual({ done: false, value: { lines: [], position: 0 } });
    await post(line("one"));
    expect((await stream.next()).value).toMatchObject({ lines: [[1, 0, "app", "web.1", "one"]] });
    end.abort();
    expect((await stream.next()).done).toBe(true);
  });

  it("forget a log", async () => {
    await post(line("old"));
    await callPeer(peer, `DELETE /logs/${APP}`);
    expect(await messagesOf()).toEqual([]);
  });
});
