import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { OutputStore } from "../../../delivery/output/index.ts";
import { describeOutputStore } from "../../../delivery/output/output-store-suite.ts";
import { newId, type Running, silentLogger } from "../../../kernel/index.ts";
import { callPeer, PeerGone, type SocketPeer, startLocalServer } from "../local/index.ts";
import { makeOutputClient } from "./output-client.ts";
import { makeOutputFiles } from "./output-files.ts";
import { outputRoutes } from "./output-routes.ts";

let folder: string;
let peer: SocketPeer;
let id: string;
const running: Running[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-output-client-"));
  peer = { socketPath: join(folder, "x.sock"), secret: "s" };
  id = newId();
});
afterEach(clear);

async function clear(): Promise<void> {
  for (const server of running.splice(0)) await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function serve(outputs: OutputStore): Promise<Running> {
  const server = await startLocalServer({ ...peer, routes: [outputRoutes(outputs)], logger: silentLogger });
  running.push(server);
  return server;
}

describeOutputStore("over the wire", async (settings) => {
  await serve(makeOutputFiles(join(folder, "outputs"), settings));
  return { outputs: makeOutputClient(peer), close: clear };
});

/** A store whose one text comes as the test gives it, and that tells when its reading has ended. */
function scriptedText() {
  const ended = Promise.withResolvers<void>();
  const gates = [Promise.withResolvers<void>()];
  const store: OutputStore = {
    ...makeOutputFiles(folder),
    read: async function* (_id, signal) {
      try {
        yield "one";
        await Promise.race([gates[0]?.promise, once(signal, "abort")]);
        if (!signal.aborted) throw new Error("the disk is gone");
      } finally {
        ended.resolve();
      }
    },
  };
  return { store, ended: ended.promise, fail: () => gates[0]?.resolve() };
}

describe("a reader over the wire", () => {
  test.each(["return", "abort"])("that goes away ends the reading there: %s", async (how) => {
    const { store, ended } = scriptedText();
    await serve(store);
    const leaving = new AbortController();
    const reading = makeOutputClient(peer).read(id, leaving.signal)[Symbol.asyncIterator]();
    expect(await reading.next()).toEqual({ value: "one", done: false });
    if (how === "abort") leaving.abort();
    else await reading.return?.();
    await ended;
    expect(await reading.next()).toEqual({ value: undefined, done: true });
  });

  test("is told when the text breaks off: that is no end", async () => {
    const { store, fail } = scriptedText();
    await serve(store);
    const reading = makeOutputClient(peer).read(id, new AbortController().signal)[Symbol.asyncIterator]();
    await reading.next();
    fail();
    await expect(reading.next()).rejects.toThrow(PeerGone);
  });

  test("is told when the process with the files stops", async () => {
    const { store, ended } = scriptedText();
    const server = await serve(store);
    const reading = makeOutputClient(peer).read(id, new AbortController().signal)[Symbol.asyncIterator]();
    await reading.next();
    const next = expect(reading.next()).rejects.toThrow(PeerGone);
    await server.stop();
    await next;
    await ended;
  });

  test("holds back a writer's text that it does not take", async () => {
    const files = makeOutputFiles(join(folder, "outputs"), { lookMs: 20 });
    let given = 0;
    await serve({
      ...files,
      read: async function* (_id, signal) {
        for (; given < 2_000 && !signal.aborted; given++) yield "x".repeat(50_000);
      },
    });
    const reading = makeOutputClient(peer).read(id, new AbortController().signal)[Symbol.asyncIterator]();
    await reading.next();
    let before = -1;
    await vi.waitFor(
      () => {
        const still = given === before;
        before = given;
        expect(still).toBe(true);
      },
      { interval: 50, timeout: 5_000 },
    );
    expect(given).toBeLessThan(500);
    await reading.return?.();
  });
});

describe("writes over the wire", () => {
  test("fail as such while the process with the files is away, and go on when it is back", async () => {
    const outputs = makeOutputClient(peer);
    for (const write of [outputs.begin(id), outputs.append(id, "x"), outputs.end(id), outputs.remove(id)])
      await expect(write).rejects.toThrow(PeerGone);
    const files = join(folder, "outputs");
    const first = await serve(makeOutputFiles(files));
    await outputs.begin(id);
    await outputs.append(id, "before\n");
    await first.stop();
    await expect(outputs.append(id, "lost")).rejects.toThrow(PeerGone);
    await serve(makeOutputFiles(files));
    await outputs.append(id, "after\n");
    await outputs.end(id);
    let text = "";
    for await (const piece of outputs.read(id, new AbortController().signal)) text += piece;
    expect(text).toBe("before\nafter\n");
  });

  test.each([undefined, null, {}, { text: 1 }, { text: null }, "text"])("need a text: %j", async (body) => {
    await serve(makeOutputFiles(join(folder, "outputs")));
    await makeOutputClient(peer).begin(id);
    await expect(callPeer(peer, `POST /outputs/${id}`, { body })).rejects.toMatchObject({
      id: "bad_request",
    });
  });
});
