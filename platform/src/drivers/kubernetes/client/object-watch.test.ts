import { Readable } from "node:stream";
import { afterEach, describe, expect, test, vi } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import { KIND, type Pod } from "./kube-objects.ts";
import { watchObjects } from "./object-watch.ts";

const pod = (name: string, resourceVersion: string): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, resourceVersion },
  spec: {},
});
const event = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;
const gone = (status: number, reason: string) =>
  new KubeError("listing", { status, reason, message: "the server says no" });

type Watch = readonly (string | Error)[] | "silent";

/** A client that answers by a script; after it, lists repeat the last and watches stay silent until they are aborted. */
function scripted(script: {
  readonly lists: readonly (readonly Pod[] | Error)[];
  readonly watches: readonly (Watch | Error)[];
}) {
  const asked: { readonly kind: "list" | "watch"; readonly version?: unknown; readonly next?: unknown }[] =
    [];
  let lists = 0;
  let watches = 0;
  const client = {
    list: async (_place: unknown, query: { continue?: string }) => {
      asked.push({ kind: "list", next: query.continue });
      const answer = script.lists[Math.min(lists, script.lists.length - 1)] ?? [];
      lists++;
      if (answer instanceof Error) throw answer;
      return { items: answer, resourceVersion: String(lists * 100), continue: undefined };
    },
    stream: async (_path: string, query: { resourceVersion?: unknown }, signal: AbortSignal) => {
      asked.push({ kind: "watch", version: query.resourceVersion });
      const answer = script.watches[watches++] ?? "silent";
      if (answer instanceof Error) throw answer;
      return bodyOf(answer, signal);
    },
  } as unknown as KubeClient;
  return { client, asked };
}

function bodyOf(answer: Watch, signal: AbortSignal): Readable {
  return Readable.from(
    (async function* () {
      if (answer === "silent")
        await new Promise((_, reject) => {
          const end = () => reject(signal.reason as Error);
          if (signal.aborted) end();
          else signal.addEventListener("abort", end, { once: true });
        });
      else
        for (const part of answer) {
          if (part instanceof Error) throw part;
          yield Buffer.from(part);
        }
    })(),
  );
}

function listen() {
  const said: string[] = [];
  const names = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.name).join(",");
  return {
    said,
    listener: {
      replaced: (pods: readonly Pod[]) => void said.push(`all ${names(pods)}`),
      changed: (one: Pod) => void said.push(`changed ${one.metadata.name}`),
      removed: (one: Pod) => void said.push(`removed ${one.metadata.name}`),
    },
  };
}

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const watch of running.splice(0)) await watch.stop();
});

function begin(script: Parameters<typeof scripted>[0], timing = {}, logger = silentLogger) {
  const { client, asked } = scripted(script);
  const { said, listener } = listen();
  const watch = watchObjects<Pod>({
    ...{ client, listener, logger, labelSelector: "mine" },
    place: { kind: KIND.pod, namespace: "x" },
    timing: { firstRetryMs: 1, longestRetryMs: 4, ...timing },
  });
  running.push(watch);
  return { watch, asked, said };
}

describe("a watch", () => {
  test("lists first, then tells changes, and continues where it was after the server's limit", async () => {
    const { watch, asked, said } = begin({
      lists: [[pod("a", "90")]],
      watches: [
        [
          event("ADDED", pod("b", "101")),
          event("MODIFIED", pod("a", "102")),
          event("DELETED", pod("b", "103")),
        ],
        [event("BOOKMARK", { metadata: { resourceVersion: "150" } })],
      ],
    });
    await watch.ready;
    await vi.waitFor(() => expect(asked).toHaveLength(4));
    expect(said).toEqual(["all a", "changed b", "changed a", "removed b"]);
    expect(asked.map(({ version }) => version)).toEqual([undefined, "100", "103", "150"]);
  });

  test("documents may be cut anywhere", async () => {
    const text = event("ADDED", pod("grün", "101")) + event("ADDED", pod("b", "102"));
    const bytes = [...text].map((character) => character);
    const { said } = begin({ lists: [[]], watches: [bytes] });
    await vi.waitFor(() => expect(said).toEqual(["all ", "changed grün", "changed b"]));
  });

  test.each([
    ["while it runs", [event("ERROR", { code: 410, reason: "Expired", message: "too old" })]],
    ["when it begins", gone(410, "Expired")],
  ])("lists anew when its version is no longer kept: %s", async (_what, watchAnswer) => {
    const { said, asked } = begin({ lists: [[pod("a", "1")], [pod("b", "2")]], watches: [watchAnswer] });
    await vi.waitFor(() => expect(asked).toHaveLength(4));
    expect(said).toEqual(["all a", "all b"]);
    expect(asked.at(-1)).toMatchObject({ kind: "watch", version: "200" });
  });

  test("continues where it was when the connection breaks, with growing pauses while the server is away", async () => {
    const { said, asked } = begin({
      lists: [[]],
      watches: [
        [event("ADDED", pod("a", "101")), new Error("socket hang up")],
        gone(429, "TooManyRequests"),
        gone(500, "InternalError"),
        [event("ADDED", pod("b", "102"))],
      ],
    });
    await vi.waitFor(() => expect(said).toEqual(["all ", "changed a", "changed b"]));
    await vi.waitFor(() =>
      expect(asked.map(({ version }) => version).slice(1, 6)).toEqual(["100", "101", "101", "101", "102"]),
    );
  });

  test("lists anew when it can no longer tell where it is", async () => {
    const { said } = begin({
      lists: [[pod("a", "1")], [pod("b", "2")]],
      watches: [[event("ADDED", { metadata: { name: "x" } })]],
    });
    await vi.waitFor(() => expect(said).toEqual(["all a", "all b"]));
  });

  test("is dropped when it falls silent past the server's own limit", async () => {
    const { asked } = begin(
      { lists: [[]], watches: ["silent", "silent"] },
      { watchSeconds: 0.01, graceMs: 10 },
    );
    await vi.waitFor(() =>
      expect(asked.filter(({ kind }) => kind === "watch").length).toBeGreaterThanOrEqual(3),
    );
    expect(asked.filter(({ kind }) => kind === "list")).toHaveLength(1);
  });

  test("lists anew on a timer, for a change may have been lost", async () => {
    const { said } = begin(
      { lists: [[pod("a", "1")], [pod("b", "2")]], watches: [[event("BOOKMARK", pod("x", "101"))]] },
      { relistMs: -1 },
    );
    await vi.waitFor(() => expect(said.slice(0, 2)).toEqual(["all a", "all b"]));
  });

  test("is not ready before the first list, however often that fails", async () => {
    const { watch, said, asked } = begin({
      lists: [gone(503, ""), new Error("connect ECONNREFUSED"), [pod("a", "1")]],
      watches: [],
    });
    await watch.ready;
    expect(said).toEqual(["all a"]);
    expect(asked.filter(({ kind }) => kind === "list")).toHaveLength(3);
  });

  test("says once that the server is away, not at each try, and nothing of what is ordinary", async () => {
    const lines: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void lines.push(message) };
    const { asked } = begin(
      { lists: [gone(503, ""), gone(503, ""), gone(503, ""), []], watches: [gone(410, "Expired")] },
      {},
      logger,
    );
    await vi.waitFor(() => expect(asked.length).toBeGreaterThanOrEqual(7));
    expect(lines).toEqual(["a watch of the cluster broke off, will try again"]);
  });

  test("stops at once, in the middle of a silence or of a pause", async () => {
    const silent = begin({ lists: [[]], watches: ["silent"] });
    await silent.watch.ready;
    await silent.watch.stop();
    const failing = begin(
      { lists: [gone(500, "")], watches: [] },
      { firstRetryMs: 60_000, longestRetryMs: 60_000 },
    );
    await vi.waitFor(() => expect(failing.asked).toHaveLength(1));
    await failing.watch.stop();
    await failing.watch.stop();
  });
});
