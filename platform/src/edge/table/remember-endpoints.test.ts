import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Logger, silentLogger } from "../../kernel/index.ts";
import type { EndpointNews, EndpointSource } from "../route/index.ts";
import { endpoint } from "../route/route-fixtures.ts";
import { rememberEndpoints } from "./remember-endpoints.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-endpoints-"));
  file = join(folder, "endpoints.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const web = endpoint("web.1", { port: 1 });
const other = endpoint("web.2", { port: 2 });
const all = (apps: Record<string, readonly (typeof web)[]>): EndpointNews => ({ kind: "all", apps });

/** Tells these, and then goes away in the given way. */
function sourceOf(news: readonly EndpointNews[], thrown?: Error): EndpointSource {
  return {
    async *watch() {
      yield* news;
      if (thrown) throw thrown;
    },
  };
}

async function told(
  source: EndpointSource,
  { logger = silentLogger, gatherMs = 60_000 }: { logger?: Logger; gatherMs?: number } = {},
): Promise<EndpointNews[]> {
  const remembered = rememberEndpoints({ source, file, logger, gatherMs });
  const news: EndpointNews[] = [];
  try {
    for await (const one of remembered.watch(new AbortController().signal)) news.push(one);
  } finally {
    await remembered.stop();
  }
  return news;
}

describe("what was known last", () => {
  test("is told first by the next one, before the source says a word", async () => {
    expect(await told(sourceOf([all({ a: [web] })]))).toEqual([all({ a: [web] })]);
    expect(await told(sourceOf([]))).toEqual([all({ a: [web] })]);
    expect(await told(sourceOf([all({ b: [other] })]))).toEqual([all({ a: [web] }), all({ b: [other] })]);
    expect(await told(sourceOf([]))).toEqual([all({ b: [other] })]);
  });

  test("holds the changes of single apps", async () => {
    await told(
      sourceOf([
        all({ a: [web], b: [other] }),
        { kind: "app", appId: "a", endpoints: [web, other] },
        { kind: "app", appId: "b", endpoints: [] },
      ]),
    );
    expect(await told(sourceOf([]))).toEqual([all({ a: [web, other], b: [] })]);
  });

  test("stays when the source never says anything, or fails", async () => {
    await told(sourceOf([all({ a: [web] })]));
    await expect(told(sourceOf([], new Error("away")))).rejects.toThrow("away");
    expect(await told(sourceOf([]))).toEqual([all({ a: [web] })]);
  });

  test("is not told again by a watch that begins after the source has spoken", async () => {
    await told(sourceOf([all({ a: [web] })]));
    const remembered = rememberEndpoints({ source: sourceOf([all({})]), file, logger: silentLogger });
    const take = async () => Array.fromAsync(remembered.watch(new AbortController().signal));
    expect(await take()).toEqual([all({ a: [web] }), all({})]);
    expect(await take()).toEqual([all({})]);
    await remembered.stop();
  });
});

test.each(["", "{", "null", "7", '"text"', '{"a":1}', '{"a":{"length":1}}'])(
  "a file with %j says nothing",
  async (text) => {
    writeFileSync(file, text);
    expect(await told(sourceOf([]))).toEqual([]);
  },
);

test("changes are gathered, and written without being asked", async () => {
  const news = [all({ a: [web] }), { kind: "app", appId: "a", endpoints: [other] } as const];
  const remembered = rememberEndpoints({ source: sourceOf(news), file, logger: silentLogger, gatherMs: 5 });
  await Array.fromAsync(remembered.watch(new AbortController().signal));
  await vi.waitFor(() => expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ a: [other] }));
  expect(existsSync(`${file}.draft`)).toBe(false);
  await remembered.stop();
});

test("a disk that takes nothing is told, and nothing else fails", async () => {
  rmSync(folder, { recursive: true });
  const warn = vi.fn();
  expect(await told(sourceOf([all({ a: [web] })]), { logger: { ...silentLogger, warn } })).toHaveLength(1);
  expect(warn).toHaveBeenCalledExactlyOnceWith("the endpoints could not be kept", expect.anything());
});
