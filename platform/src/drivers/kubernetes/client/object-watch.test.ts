import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  accessTo,
  type Exchange,
  type Feed,
  openScriptedApi,
  type ScriptedApi,
  status,
} from "./api-server-fixtures.ts";
import { type KubeClient, makeKubeClient } from "./kube-client.ts";
import type { ConfigMap } from "./kube-objects.ts";
import { type ObjectWatch, type ObjectWatchOptions, watchObjects } from "./object-watch.ts";
import { configMap, keepTold, keepWarnings, PLACE, type ToldObjects } from "./object-watch-fixtures.ts";

let api: ScriptedApi;
let client: KubeClient;
let told: ToldObjects;
let warned: ReturnType<typeof keepWarnings>;
let watch: ObjectWatch | undefined;

beforeEach(async () => {
  api = await openScriptedApi();
  client = makeKubeClient(accessTo(api.url));
  told = keepTold();
  warned = keepWarnings();
});
afterEach(async () => {
  await watch?.stop();
  watch = undefined;
  await client.close();
  await api.close();
});

function start(
  timing: ObjectWatchOptions<ConfigMap>["timing"] = {},
  more: Pick<ObjectWatchOptions<ConfigMap>, "keep"> = {},
): ObjectWatch {
  watch = watchObjects<ConfigMap>({
    ...{ client, place: PLACE, labelSelector: "app in (x)", listener: told.listener },
    logger: warned.logger,
    ...more,
    timing: { firstRetryMs: 1, longestRetryMs: 2, shortestMs: 0, ...timing },
  });
  return watch;
}

const PATH = "/api/v1/namespaces/apps/configmaps";

function list(version: number, ...items: readonly ConfigMap[]): unknown {
  return { metadata: { resourceVersion: String(version) }, items };
}

/** Lists these and begins to watch. */
async function follow(version: number, ...items: readonly ConfigMap[]): Promise<Feed> {
  (await api.next()).reply(200, list(version, ...items));
  return (await api.next()).begin();
}

/** The next request, which has to be a watch from there. */
async function watchFrom(version: number): Promise<Exchange> {
  const exchange = await api.next();
  expect(exchange.query).toMatchObject({ watch: "true", resourceVersion: String(version) });
  return exchange;
}

describe("what is asked", () => {
  test("a list in pages, then a watch from where the list was", async () => {
    const { ready } = start({ watchSeconds: 60 });
    const first = await api.next();
    expect(first).toMatchObject({ method: "GET", path: PATH });
    expect(first.query).toEqual({ labelSelector: "app in (x)", limit: "500" });
    first.reply(200, { metadata: { resourceVersion: "5", continue: "page 2" }, items: [configMap("a", 1)] });
    const second = await api.next();
    expect(second.query).toEqual({ labelSelector: "app in (x)", limit: "500", continue: "page 2" });
    expect(told.said).toEqual([]);
    second.reply(200, list(5, configMap("b", 2)));
    await ready;
    expect(told.said).toEqual(["replaced a@1 b@2"]);
    const watching = await api.next();
    expect(watching).toMatchObject({ method: "GET", path: PATH });
    expect(watching.query).toEqual({
      labelSelector: "app in (x)",
      watch: "true",
      allowWatchBookmarks: "true",
      resourceVersion: "5",
      timeoutSeconds: "60",
    });
  });

  test("what is kept of an object is told of it, of a list as of a change", async () => {
    const keep = (object: ConfigMap): ConfigMap => ({
      ...object,
      metadata: { ...object.metadata, name: `kept-${object.metadata.name}` },
    });
    start({}, { keep });
    const feed = await follow(5, configMap("a", 1));
    await feed.event("MODIFIED", configMap("a", 6));
    await feed.event("DELETED", configMap("a", 7));
    await told.until(3);
    expect(told.said).toEqual(["replaced kept-a@1", "changed kept-a@6", "removed kept-a@7"]);
  });

  test("an ended watch goes on from the last change or bookmark", async () => {
    start();
    const feed = await follow(5);
    feed.end();
    const second = (await watchFrom(5)).begin();
    await second.event("ADDED", configMap("a", 6));
    second.end();
    const third = (await watchFrom(6)).begin();
    await third.event("BOOKMARK", { kind: "ConfigMap", metadata: { resourceVersion: "9" } });
    third.end();
    const fourth = (await watchFrom(9)).begin();
    await fourth.event("DELETED", configMap("a", 12));
    fourth.end();
    await watchFrom(12);
    expect(told.said).toEqual(["replaced", "changed a@6", "removed a@12"]);
    expect(warned.errors).toEqual([]);
  });
});

describe("what comes", () => {
  test("is told in its order", async () => {
    start();
    const feed = await follow(5, configMap("a", 1));
    await feed.event("ADDED", configMap("b", 6));
    await feed.event("MODIFIED", configMap("a", 7));
    await feed.event("BOOKMARK", { metadata: { resourceVersion: "8" } });
    await feed.event("DELETED", configMap("b", 9));
    await told.until(4);
    expect(told.said).toEqual(["replaced a@1", "changed b@6", "changed a@7", "removed b@9"]);
    expect(told.held()).toEqual(["a@7"]);
  });

  test("may be several events in one chunk, and one over several", async () => {
    start();
    const feed = await follow(5);
    const lines = ["ä", "ö", "ü"].map((text, i) =>
      JSON.stringify({ type: "ADDED", object: configMap(`n${i}`, 6 + i, text) }),
    );
    const bytes = Buffer.from(`${lines.join("\n")}\n\n`);
    await feed.write(bytes);
    await told.until(4);
    for (const byte of Buffer.from(
      `${JSON.stringify({ type: "MODIFIED", object: configMap("n0", 9, "€") })}\n`,
    ))
      await feed.write(Buffer.from([byte]));
    await told.until(5);
    expect(told.said.slice(1)).toEqual(["changed n0@6", "changed n1@7", "changed n2@8", "changed n0@9"]);
  });

  test("is told as soon as its line is whole, and half a line never", async () => {
    start();
    const feed = await follow(5);
    const line = `${JSON.stringify({ type: "ADDED", object: configMap("a", 6) })}\n`;
    await feed.write(line + line.slice(0, -2));
    await told.until(2);
    feed.cut();
    await watchFrom(6);
    expect(told.said).toEqual(["replaced", "changed a@6"]);
    expect(warned.errors).toHaveLength(1);
  });
});

describe("a watch that goes wrong", () => {
  const event = (type: unknown, object: unknown) => JSON.stringify({ type, object });
  test.each([
    [
      "a line that is no JSON",
      '{"type":"ADDED","object":{"password":"s3cret"},}',
      "goes on",
      "the watch told a line that is no JSON",
    ],
    ["null", "null", "lists", "the watch told something that is no event"],
    ["a number", "7", "lists", "the watch told something that is no event"],
    ["no object", event("ADDED", undefined), "lists", "the watch told something that is no event"],
    ["a null object", event("DELETED", null), "lists", "the watch told something that is no event"],
    ["an error that is null", event("ERROR", null), "lists", "the watch told something that is no event"],
    ["an object without metadata", event("ADDED", {}), "lists", "an object came without a version"],
    [
      "an object without a version",
      event("ADDED", { metadata: { name: "x" } }),
      "lists",
      "an object came without a version",
    ],
    [
      "a type nobody knows",
      event("RENAMED", configMap("x", 9)),
      "lists",
      "an event came of a type that is not known",
    ],
    [
      "an error",
      event("ERROR", status(500, "InternalError", "etcd is away")),
      "goes on",
      "watching: etcd is away",
    ],
    ["an error without a code", event("ERROR", { message: "odd" }), "goes on", "watching: odd"],
  ])("%s", async (_name, line, then, wanted) => {
    start();
    const feed = await follow(5, configMap("a", 1));
    await feed.write(`${line}\n`);
    const next = await api.next();
    await feed.closed;
    expect(next.query.resourceVersion).toBe(then === "lists" ? undefined : "5");
    expect(next.query.watch).toBe(then === "lists" ? undefined : "true");
    expect(warned.errors).toEqual([wanted]);
    expect(told.said).toEqual(["replaced a@1"]);
  });

  test.each([
    ["410 with its word", status(410, "Expired", "too old"), 410],
    ["410 of something between", "gone", 410],
    ["the word with another code", status(500, "Expired", "too old"), 500],
  ])("%s: what vanished meanwhile is gone after the new list", async (_name, body, code) => {
    start();
    (await follow(5, configMap("a", 1), configMap("b", 2))).end();
    (await watchFrom(5)).reply(code, body);
    const again = await api.next();
    expect(again.query.watch).toBeUndefined();
    again.reply(200, list(20, configMap("b", 2), configMap("c", 19)));
    await watchFrom(20);
    expect(told.said).toEqual(["replaced a@1 b@2", "replaced b@2 c@19"]);
    expect(told.held()).toEqual(["b@2", "c@19"]);
    expect(warned.errors).toEqual([]);
  });

  test("410 within the stream lists anew, too", async () => {
    start();
    const feed = await follow(5, configMap("a", 1));
    await feed.event("ERROR", status(410, "Expired", "too old resource version"));
    (await api.next()).reply(200, list(9));
    await watchFrom(9);
    expect(told.held()).toEqual([]);
    expect(warned.errors).toEqual([]);
  });

  test.each([401, 403, 404, 429, 500, 503])(
    "a refusal with %i is told once, and tried until it is over",
    async (code) => {
      start();
      for (let i = 0; i < 4; i++) (await api.next()).reply(code, status(code, "No", "not now"));
      const feed = await follow(5, configMap("a", 1));
      await told.until(1);
      expect(warned.errors).toEqual([`GET ${PATH}: not now`]);
      feed.end();
      for (let i = 0; i < 4; i++) (await watchFrom(5)).reply(code, status(code, "No", "not now"));
      (await watchFrom(5)).begin();
      expect(told.said).toEqual(["replaced a@1"]);
    },
  );

  test("that falls silent is dropped and goes on where it was", async () => {
    start({ watchSeconds: 0.02, graceMs: 10 });
    const feed = await follow(5);
    await feed.closed;
    await watchFrom(5);
    expect(warned.errors).toEqual(["the watch fell silent"]);
  });

  test("that is not even answered is dropped, too", async () => {
    start({ watchSeconds: 0.02, graceMs: 10 });
    (await api.next()).reply(200, list(5));
    await (await watchFrom(5)).closed;
    await watchFrom(5);
    expect(warned.errors).toHaveLength(1);
  });

  test("a listener that fails is told the same change again", async () => {
    let failed = false;
    const { changed } = told.listener;
    watch = watchObjects<ConfigMap>({
      ...{ client, place: PLACE, labelSelector: "", logger: warned.logger },
      listener: {
        ...told.listener,
        changed: (object) => {
          if (failed) return changed(object);
          failed = true;
          throw new Error("not today");
        },
      },
      timing: { firstRetryMs: 1 },
    });
    await (await follow(5)).event("ADDED", configMap("a", 6));
    await (await watchFrom(5)).begin().event("ADDED", configMap("a", 6));
    await told.until(2);
    expect(told.said).toEqual(["replaced", "changed a@6"]);
    expect(warned.errors).toEqual(["not today"]);
  });
});

describe("a stop", () => {
  test("while the list is asked for drops the request; who waits for it is let go", async () => {
    const { ready, stop } = start();
    const exchange = await api.next();
    await stop();
    await exchange.closed;
    await ready;
    expect(told.said).toEqual([]);
    expect(warned.errors).toEqual([]);
  });

  test("between two pages tells nothing of the first", async () => {
    const { stop } = start();
    (await api.next()).reply(200, {
      metadata: { resourceVersion: "5", continue: "x" },
      items: [configMap("a", 1)],
    });
    const second = await api.next();
    await stop();
    await second.closed;
    expect(told.said).toEqual([]);
  });

  test("while following drops the watch", async () => {
    const { stop } = start();
    const feed = await follow(5);
    await feed.event("ADDED", configMap("a", 6));
    await told.until(2);
    await stop();
    await feed.closed;
    expect(warned.errors).toEqual([]);
    expect(api.waiting()).toBe(0);
  });

  test("before anything was asked", async () => {
    const { stop, ready } = start();
    await Promise.all([stop(), ready]);
    expect(told.said).toEqual([]);
  });
});
