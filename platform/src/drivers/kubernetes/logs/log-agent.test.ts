import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Logger, type Running, silentLogger } from "../../../kernel/index.ts";
import type { LogStreams, StreamPiece } from "../../../observe/log/index.ts";
import type { Pod } from "../client/index.ts";
import { startLogAgent } from "./log-agent.ts";
import { writeNodeFiles } from "./node-files-writer-fixtures.ts";

let root: string;
const running: Running[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "conifer-log-agent-"));
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop();
  rmSync(root, { recursive: true, force: true });
});

function pod(uid: string, change: Partial<Pod["metadata"]> = {}): Pod {
  return {
    ...{ apiVersion: "v1", kind: "Pod" },
    metadata: {
      ...{ name: `dyno-${uid}`, namespace: "apps", uid, resourceVersion: "1" },
      labels: { "conifer.dev/app": `app-${uid}`, "conifer.dev/dyno": uid },
      annotations: { "conifer.dev/name": `web.${uid}` },
      ...change,
    },
    spec: {},
  };
}

function output(uid: string) {
  const folder = join(root, "pods", `apps_dyno-${uid}_${uid}`, "dyno");
  mkdirSync(folder, { recursive: true });
  return writeNodeFiles({ folder });
}

/** A log store whose answers can be held back; it takes everything once, as the real one does. */
function makeStreams() {
  const lines: string[] = [];
  const ended: string[] = [];
  const batches: (readonly StreamPiece[])[] = [];
  const at = new Map<string, number>();
  let refusing: Error | undefined;
  const streams: LogStreams = {
    async take(pieces) {
      batches.push(pieces);
      if (refusing) throw refusing;
      return pieces.map((piece) => {
        const key = `${piece.stream} ${piece.file}`;
        const known = at.get(key) ?? 0;
        if (known !== piece.from) return { file: piece.file, offset: known };
        at.set(key, piece.to);
        lines.push(...piece.lines.map((line) => `${line.appId} ${line.process} ${line.message}`));
        if (piece.ended) ended.push(piece.stream);
        return { file: piece.file, offset: piece.to };
      });
    },
  };
  return {
    ...{ streams, lines, ended, batches },
    refuse: (error?: Error) => {
      refusing = error;
    },
  };
}

/** The cluster's API as far as an agent asks: a list, and a watch that never says anything. */
function makeClient(pods: readonly Pod[] | Error) {
  const queries: unknown[] = [];
  const client = {
    list: async (_place: unknown, query: unknown) => {
      queries.push(query);
      if (pods instanceof Error) throw pods;
      return { resourceVersion: "1", items: pods, continue: undefined };
    },
    stream: (_path: string, _query: unknown, signal: AbortSignal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  } as unknown as Parameters<typeof startLogAgent>[0]["client"];
  return { client, queries };
}

async function start(pods: readonly Pod[] | Error, streams: LogStreams, logger: Logger = silentLogger) {
  const { client, queries } = makeClient(pods);
  const agent = await startLogAgent({
    ...{ client, streams, logger, nowMs: Date.now },
    ...{ namespace: "apps", node: "node1", podLogs: join(root, "pods"), state: join(root, "state") },
  });
  running.push(agent);
  return { agent, queries };
}

async function stop(agent: Running): Promise<void> {
  running.splice(running.indexOf(agent), 1);
  await agent.stop();
}

const wait = { timeout: 10_000 };
const keptPods = () => readdirSync(join(root, "state", "pods"));

test("tells what the pods of its node write, and asks for no others", async () => {
  const store = makeStreams();
  const [one, two] = [output("1"), output("2")];
  one.line("before");
  const { queries } = await start([pod("1"), pod("2")], store.streams);
  two.line("after");
  await expect.poll(() => [...store.lines].sort(), wait).toEqual(["app-1 web.1 before", "app-2 web.2 after"]);
  expect(queries[0]).toMatchObject({
    labelSelector: "app.kubernetes.io/managed-by=conifer,conifer.dev/dyno",
    fieldSelector: "spec.nodeName=node1",
  });
});

test("tells nothing of strangers, and of processes that a client reads", async () => {
  const store = makeStreams();
  for (const uid of ["1", "2", "3"]) output(uid).line("hello");
  const client = pod("2", { annotations: { "conifer.dev/client": "attached" } });
  await start([pod("1"), client, pod("3", { labels: {} })], store.streams);
  await expect.poll(() => store.lines, wait).toEqual(["app-1 web.1 hello"]);
  expect(keptPods()).toEqual(["1.json"]);
});

test("tells a line soon after it was written, on a folder that is quiet otherwise", async () => {
  const store = makeStreams();
  const files = output("1");
  files.line("first");
  await start([pod("1")], store.streams);
  await expect.poll(() => store.lines.length, wait).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 400));
  const began = performance.now();
  files.line("second");
  await expect.poll(() => store.lines.length, { ...wait, interval: 5 }).toBe(2);
  expect(performance.now() - began).toBeLessThan(1_000);
});

describe("while the store takes nothing", () => {
  test("reads no further, says so once, and tells everything when it is back", async () => {
    const store = makeStreams();
    const warn = vi.fn();
    store.refuse(new Error("away"));
    const files = output("1");
    for (let i = 0; i < 5_000; i++) files.line(`line ${i}`);
    await start([pod("1")], store.streams, { ...silentLogger, warn });
    await expect.poll(() => store.batches.length, wait).toBeGreaterThan(2);
    expect(new Set(store.batches.map((pieces) => JSON.stringify(pieces))).size).toBe(1);
    expect(warn).toHaveBeenCalledTimes(1);
    store.refuse();
    await expect.poll(() => store.lines.length, wait).toBe(5_000);
    expect(store.lines.at(-1)).toBe("app-1 web.1 line 4999");
  });

  test("can be stopped, and the next one goes on", async () => {
    const store = makeStreams();
    const files = output("1");
    files.line("one");
    const { agent } = await start([pod("1")], store.streams);
    await expect.poll(() => store.lines.length, wait).toBe(1);
    store.refuse(new Error("away"));
    files.line("two");
    await expect.poll(() => store.batches.length, wait).toBeGreaterThan(1);
    await stop(agent);
    store.refuse();
    await start([pod("1")], store.streams);
    await expect.poll(() => store.lines, wait).toEqual(["app-1 web.1 one", "app-1 web.1 two"]);
  });
});

test("tells of a pod that went while no agent ran, whether the cluster's API answers or not", async () => {
  const store = makeStreams();
  const files = output("1");
  files.line("one");
  const { agent } = await start([pod("1")], store.streams);
  await expect.poll(() => store.lines.length, wait).toBe(1);
  await stop(agent);
  files.line("two");
  const { agent: blind } = await start(new Error("away"), store.streams);
  await expect.poll(() => store.lines, wait).toEqual(["app-1 web.1 one", "app-1 web.1 two"]);
  await stop(blind);
  files.line("three");
  await start([], store.streams);
  await expect.poll(() => store.ended, wait).toEqual(["1/0"]);
  expect(store.lines.at(-1)).toBe("app-1 web.1 three");
  await expect.poll(keptPods, wait).toEqual([]);
});

test("forgets a pod that went without a word", async () => {
  const store = makeStreams();
  const { agent } = await start([pod("1")], store.streams);
  await expect.poll(() => existsSync(join(root, "state", "pods", "1.json")), wait).toBe(true);
  await stop(agent);
  await start([], store.streams);
  await expect.poll(keptPods, wait).toEqual([]);
});

test("one that writes a lot does not keep the others waiting", async () => {
  const store = makeStreams();
  const loud = output("1");
  for (let i = 0; i < 40_000; i++) loud.line("x".repeat(60));
  output("2").line("quiet");
  await start([pod("1"), pod("2")], store.streams);
  await expect.poll(() => store.lines.length, wait).toBe(40_001);
  expect(store.lines.indexOf("app-2 web.2 quiet")).toBeLessThan(20_000);
});
