import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import { KubeError } from "./kube-error.ts";
import type { ConfigMap } from "./kube-objects.ts";
import { watchObjects } from "./object-watch.ts";
import { keepTold, keepWarnings, PLACE, WatchedCollection } from "./object-watch-fixtures.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** Lets everything happen that needs no more than this time. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function follow(server: WatchedCollection, client = server.client, logger = silentLogger) {
  const told = keepTold();
  const watch = watchObjects<ConfigMap>({
    ...{ client, place: PLACE, labelSelector: "", listener: told.listener, logger },
  });
  return { ...told, ...watch };
}

/** The times at which something was asked, from when it began to go wrong. */
function timed(server: WatchedCollection) {
  const times: number[] = [];
  const began = performance.now();
  const note = () => void times.push(Math.round(performance.now() - began));
  const client: WatchedCollection["client"] = {
    list: async (...request) => {
      note();
      return await server.client.list(...request);
    },
    stream: async (...request) => {
      note();
      return await server.client.stream(...request);
    },
  };
  return { client, times };
}

const gaps = (times: readonly number[]) => times.slice(1).map((time, i) => time - (times[i] ?? 0));

describe("pauses", () => {
  test("grow while the server is away, and it is told once", async () => {
    const server = new WatchedCollection();
    server.plan(...Array<"refuse">(11).fill("refuse"));
    const { client, times } = timed(server);
    const { errors, logger } = keepWarnings();
    const watch = follow(server, client, logger);
    await pass(60_000);
    expect(gaps(times)).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000, 10_000, 0]);
    expect(watch.said).toEqual(["replaced"]);
    expect(errors).toEqual(["listing: refuse"]);
    await watch.stop();
  });

  test("begin anew after a watch that told something; each time away is told", async () => {
    const server = new WatchedCollection();
    const { client, times } = timed(server);
    const { errors, logger } = keepWarnings();
    const watch = follow(server, client, logger);
    await pass(0);
    for (const _ of [1, 2, 3]) {
      server.put("a");
      await pass(0);
      server.plan("refuse", "refuse");
      server.disturb("break");
      await pass(700);
    }
    expect(gaps(times)).toEqual([0, 100, 200, 400, 100, 200, 400, 100, 200, 400]);
    expect(errors).toEqual(Array(3).fill("the connection was reset"));
    await watch.stop();
  });

  test("begin anew after a watch that held long, though it told nothing", async () => {
    const server = new WatchedCollection();
    const { client, times } = timed(server);
    const watch = follow(server, client);
    for (let i = 0; i < 3; i++) {
      await pass(10_000);
      server.disturb("break");
      await pass(100);
    }
    expect(gaps(times)).toEqual([0, 10_100, 10_100, 10_100]);
    await watch.stop();
  });

  test("grow when each watch ends at once without a word", async () => {
    const server = new WatchedCollection();
    const { client, times } = timed(server);
    const { errors, logger } = keepWarnings();
    const watch = follow(server, client, logger);
    await pass(0);
    server.plan("end", "end", "end");
    server.disturb("end");
    await pass(1_500);
    expect(gaps(times)).toEqual([0, 100, 200, 400, 800]);
    expect(errors).toEqual(["the watch ended at once"]);
    await watch.stop();
  });

  test("are not needed after a watch that the server ended when its time was over", async () => {
    const server = new WatchedCollection();
    const { client, times } = timed(server);
    const { errors, logger } = keepWarnings();
    const watch = follow(server, client, logger);
    await pass(1_000);
    server.disturb("end");
    await pass(0);
    server.put("a");
    await pass(0);
    server.disturb("end");
    await pass(0);
    expect(times).toEqual([0, 0, 1_000, 1_000]);
    expect(server.asked).toEqual(["list", "watch 1", "watch 1", "watch 2"]);
    expect(errors).toEqual([]);
    await watch.stop();
  });

  test.each([
    [2, 2_000],
    [3_600, 10_000],
    [0, 100],
    [undefined, 100],
  ])("last as long as the server asks, within bounds: %s s", async (retryAfterSeconds, wanted) => {
    const server = new WatchedCollection();
    const { client, times } = timed(server);
    let refused = false;
    const watch = follow(server, {
      ...client,
      list: async (...request) => {
        const list = await client.list<never>(...request);
        if (refused) return list;
        refused = true;
        throw new KubeError("listing", { status: 429, reason: "", message: "busy", retryAfterSeconds });
      },
    });
    await pass(20_000);
    expect(gaps(times)).toEqual([wanted, 0]);
    await watch.stop();
  });
});

describe("a version that is no longer kept", () => {
  test.each([
    ["as an answer", "break"],
    ["within the stream", "expired"],
  ] as const)("%s: everything is listed anew, and what vanished meanwhile is gone", async (_how, fault) => {
    const server = new WatchedCollection();
    const { errors, logger } = keepWarnings();
    for (const name of ["a", "b"]) server.put(name);
    const watch = follow(server, server.client, logger);
    await pass(0);
    server.disturb(fault);
    server.remove("a");
    server.put("b");
    server.put("c");
    server.forget();
    await pass(400);
    expect(watch.said).toEqual(["replaced a@2 b@3", "replaced b@5 c@6"]);
    expect(server.asked.at(-1)).toBe("watch 6");
    expect(errors).toEqual(fault === "expired" ? [] : ["the connection was reset"]);
    await watch.stop();
  });

  test("between two pages of a list: the list begins anew", async () => {
    const server = new WatchedCollection(1);
    for (const name of ["a", "b", "c"]) server.put(name);
    let pages = 0;
    const watch = follow(server, {
      ...server.client,
      list: async (...request) => {
        if (++pages === 2) server.forget();
        return await server.client.list(...request);
      },
    });
    await pass(200);
    expect(watch.said).toEqual(["replaced a@2 b@3 c@4"]);
    expect(server.asked).toEqual(["list", "list", "list", "list", "list", "watch 4"]);
    await watch.stop();
  });

  test("that a bookmark kept fresh needs no list", async () => {
    const server = new WatchedCollection();
    server.put("a");
    const watch = follow(server);
    await pass(0);
    server.bookmark();
    server.forget();
    await pass(0);
    server.disturb("break");
    server.put("b");
    await pass(100);
    expect(watch.said).toEqual(["replaced a@2", "changed b@4"]);
    expect(server.asked).toEqual(["list", "watch 2", "watch 3"]);
    await watch.stop();
  });
});

describe("a stop", () => {
  test("while waiting ends the wait, and nothing is asked or told afterwards", async () => {
    const server = new WatchedCollection();
    server.plan("refuse", "refuse");
    const watch = follow(server);
    await pass(150);
    expect(server.asked).toEqual(["list", "list"]);
    await watch.stop();
    await watch.ready;
    await pass(60_000);
    expect(server.asked).toEqual(["list", "list"]);
    expect(watch.said).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("while following drops the watch; a second one is as good", async () => {
    const server = new WatchedCollection();
    const watch = follow(server);
    await pass(0);
    expect(server.watches()).toBe(1);
    await Promise.all([watch.stop(), watch.stop()]);
    await pass(0);
    expect(server.watches()).toBe(0);
    server.put("a");
    await pass(0);
    expect(watch.said).toEqual(["replaced"]);
  });
});

test("everything is listed anew when the time for that has come, for a watch may lose a change", async () => {
  const server = new WatchedCollection();
  const watch = follow(server);
  for (let minute = 0; minute < 21; minute++) {
    await pass(60_000);
    server.disturb("end");
  }
  await pass(0);
  expect(server.asked.filter((asked) => asked === "list").length).toBe(2);
  await watch.stop();
});

describe("whatever breaks", () => {
  const fault = fc.constantFrom("refuse", "break", "end", "garbage", "stray", "expired" as const);
  const name = fc.constantFrom("a", "b", "c", "d");
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("put" as const), name }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), name }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("disturb" as const), fault }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("plan" as const), fault }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("forget" as const, "bookmark" as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat(3_000) }) },
  );

  test("what the watcher holds is in the end what the server has", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, pages) => {
          const server = new WatchedCollection(pages);
          const watch = follow(server);
          for (const one of steps) {
            if (one.do === "put") server.put(one.name);
            else if (one.do === "remove") server.remove(one.name);
            else if (one.do === "disturb") server.disturb(one.fault);
            else if (one.do === "plan") server.plan(one.fault);
            else if (one.do === "pass") await pass(one.ms);
            else server[one.do]();
          }
          server.calm();
          // The longest pause, and a list after it.
          await pass(21_000);
          expect(watch.held()).toEqual(server.held());
          expect(server.watches()).toBe(1);
          expect(watch.said[0]).toMatch(/^replaced/);
          await watch.stop();
          expect(vi.getTimerCount()).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});
