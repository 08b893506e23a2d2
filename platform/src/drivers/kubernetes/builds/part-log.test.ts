import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import { type KubeClient, KubeError } from "../client/index.ts";
import { readPartLog } from "./part-log.ts";

const LOG = "first line\nsecond line\nthird line\n";

/** One reading: the pieces that come, and how it ends. */
interface Reading {
  readonly pieces: readonly string[];
  readonly end: "end" | "break" | "refuse";
}

/** Gives the readings one after the other, the last one again and again. */
function clusterOf(...readings: readonly Reading[]) {
  const asked: string[] = [];
  const stream = async (path: string, query: object) => {
    const { pieces, end } = readings[Math.min(asked.length, readings.length - 1)] as Reading;
    asked.push(`${path} ${JSON.stringify(query)}`);
    if (end === "refuse") throw new KubeError("log", { status: 500, reason: "", message: "kubelet is away" });
    return Readable.from(
      (async function* () {
        for (const piece of pieces) yield Buffer.from(piece);
        if (end === "break") throw new Error("the connection was reset");
      })(),
    );
  };
  return { asked, client: { stream } as unknown as KubeClient };
}

async function read(client: KubeClient, hasEnded: () => boolean, signal = new AbortController().signal) {
  const told: string[] = [];
  const logger = { ...silentLogger, info: (message: string) => void told.push(message) };
  const options = { client, namespace: "builds", pod: "build-1", part: "builder", logger, hasEnded } as const;
  let text = "";
  for await (const chunk of readPartLog(options, signal)) text += chunk.toString();
  return { text, told };
}

const whole: Reading = { pieces: [LOG], end: "end" };
const over = () => true;

describe("the log of a container", () => {
  it("is followed from its beginning, by the container's name", async () => {
    const { client, asked } = clusterOf(whole);
    expect(await read(client, over)).toEqual({ text: LOG, told: [] });
    expect(asked).toEqual([
      '/api/v1/namespaces/builds/pods/build-1/log {"container":"builder","follow":true}',
    ]);
  });

  it.each<[string, readonly Reading[]]>([
    ["breaks off in the middle of a line", [{ pieces: ["first li"], end: "break" }, whole]],
    [
      "comes in other pieces the second time",
      [
        { pieces: ["first", " line\nse"], end: "break" },
        { pieces: ["f", "irst line\n", "second", " line\nthird line\n"], end: "end" },
      ],
    ],
    [
      "breaks off sooner the second time",
      [{ pieces: ["first line\nsecond line\n"], end: "break" }, { pieces: ["first"], end: "break" }, whole],
    ],
    ["is refused for a while", [{ pieces: [], end: "refuse" }, whole]],
    ["breaks off at its very end", [{ pieces: [LOG], end: "break" }, whole]],
  ])("has nothing missing and nothing twice when it %s", async (_what, readings) => {
    const { client, asked } = clusterOf(...readings);
    expect((await read(client, over)).text).toBe(LOG);
    expect(asked).toHaveLength(readings.length);
  });

  it("is read on when it ends before its container has", async () => {
    const { client, asked } = clusterOf({ pieces: ["first line\n"], end: "end" }, whole);
    // It ends between the readings.
    expect((await read(client, () => asked.length > 0)).text).toBe(LOG);
    expect(asked).toHaveLength(2);
  });

  it("is told to have broken off once for each time in a row", async () => {
    const broken: Reading = { pieces: [], end: "refuse" };
    const { client } = clusterOf(broken, broken, whole);
    expect((await read(client, over)).told).toEqual(["a build's log broke off, will read on"]);
  });

  it("is over when its pod is gone", async () => {
    const gone = new KubeError("log", { status: 404, reason: "NotFound", message: "no such pod" });
    const client = { stream: () => Promise.reject(gone) } as unknown as KubeClient;
    expect(await read(client, () => false)).toEqual({ text: "", told: [] });
  });

  it("is not asked for when nobody listens, and not again when they leave", async () => {
    const { client, asked } = clusterOf({ pieces: ["first"], end: "break" });
    await read(client, over, AbortSignal.abort());
    expect(asked).toEqual([]);
    const leaving = new AbortController();
    const stream = async (...args: Parameters<KubeClient["stream"]>) => {
      leaving.abort();
      return await client.stream(...args);
    };
    const { told } = await read({ ...client, stream }, over, leaving.signal);
    expect([told, asked.length]).toEqual([[], 1]);
  });
});
