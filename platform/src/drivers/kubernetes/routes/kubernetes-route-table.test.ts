import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AppRoute } from "../../../edge/route/index.ts";
import { appRoute } from "../../../edge/route/route-fixtures.ts";
import { testRouteTable } from "../../../edge/route/route-table-suite.ts";
import { silentLogger } from "../../../kernel/index.ts";
import { openKubernetesRouteTable } from "./kubernetes-route-table.ts";
import { openRouteCluster, type RouteCluster } from "./route-cluster-fixtures.ts";
import { makeRouteObject, readRouteObject } from "./route-object.ts";
import { openRoutedTable } from "./routed-table-fixtures.ts";

testRouteTable("objects by a cluster's rules", async () => {
  const { stop, ...subject } = await openRoutedTable(openRouteCluster().client, "apps");
  return { ...subject, close: stop };
});

const HOUR = 3_600_000;
const place = { namespace: "apps" };
const one = appRoute("one");
const two = appRoute("two");
const held = (route: AppRoute) => ({ ...route, maintenance: true });

let cluster: RouteCluster;
let now: number;
const running: { stop(): Promise<void> }[] = [];

beforeEach(() => {
  cluster = openRouteCluster();
  now = 1;
});
afterEach(async () => {
  for (const table of running.splice(0)) await table.stop();
});

async function openTable() {
  const reached: string[] = [];
  const table = await openKubernetesRouteTable({
    ...{ client: cluster.client, namespace: "apps", logger: silentLogger, now: () => now },
    routers: {
      reached: async (appId, version) => void reached.push(`${appId} ${version}`),
      endpoints: async () => undefined,
    },
  });
  running.push(table);
  return { routes: table.routes, reached };
}

const recorded = () =>
  cluster.objects().map((object) => {
    const entry = readRouteObject(object);
    return `${object.metadata.name} ${entry?.version} ${entry?.route ? entry.route.maintenance : "gone"}`;
  });
const writes = () => cluster.asked.filter((word) => !word.startsWith("get"));

describe("a write", () => {
  test("waits for the routers, of the version that is recorded", async () => {
    const { routes, reached } = await openTable();
    await routes.put(5, one);
    await routes.put(5, one);
    await routes.put(7, held(one));
    await routes.put(6, one);
    await routes.remove(8, one.appId);
    expect(reached).toEqual(["id-of-one 5", "id-of-one 5", "id-of-one 7", "id-of-one 8"]);
  });

  test("that is older than a whole table which found the same recorded is ignored", async () => {
    const { routes } = await openTable();
    await routes.put(5, one);
    await routes.replace(7, [one]);
    await routes.put(6, held(one));
    expect([writes(), recorded()]).toEqual([["create route-id-of-one"], ["route-id-of-one 5 false"]]);
  });

  test("is not undone by a watch that tells late what was before it", async () => {
    const { routes } = await openTable();
    cluster.hold();
    await routes.put(1, one);
    await routes.put(2, held(one));
    cluster.tell();
    await new Promise((resolve) => setImmediate(resolve));
    await routes.put(3, one);
    expect(recorded()).toEqual(["route-id-of-one 3 false"]);
  });

  test("of two processes: the later version stays, whoever comes last", async () => {
    const [p, q] = [await openTable(), await openTable()];
    cluster.hold();
    await p.routes.put(5, one);
    await q.routes.put(4, held(one));
    expect(recorded()).toEqual(["route-id-of-one 5 false"]);
    await q.routes.put(6, held(one));
    await p.routes.put(7, one);
    await q.routes.remove(3, one.appId);
    expect(recorded()).toEqual(["route-id-of-one 7 false"]);
    cluster.tell();
  });

  test("of many processes at once ends with the latest", async () => {
    const tables = await Promise.all(Array.from({ length: 5 }, openTable));
    cluster.hold();
    await Promise.all(tables.map(({ routes }, i) => routes.put(10 + i, { ...one, webQuantity: i })));
    cluster.tell();
    const [object] = cluster.objects();
    expect(object && readRouteObject(object)).toMatchObject({ version: 14, route: { webQuantity: 4 } });
  });

  test("removes what another process has just made", async () => {
    const [p, q] = [await openTable(), await openTable()];
    cluster.hold();
    await p.routes.put(5, one);
    await q.routes.remove(6, one.appId);
    expect(recorded()).toEqual(["route-id-of-one 6 gone"]);
    cluster.tell();
  });

  test.each([
    [409, 7, true],
    [409, 8, false],
    [500, 1, false],
  ])("that is refused with %i, %i times, comes through: %s", async (status, times, good) => {
    const { routes } = await openTable();
    cluster.refuse(status, times);
    const putting = routes.put(1, one);
    await (good ? putting : expect(putting).rejects.toMatchObject({ status }));
    expect(recorded().length).toBe(good ? 1 : 0);
    await routes.put(2, one);
    expect(recorded().length).toBe(1);
  });
});

describe("an object", () => {
  test("that somebody edited into nonsense is put right by the next write, of any version", async () => {
    const { routes } = await openTable();
    await routes.put(5, one);
    cluster.put({ ...makeRouteObject({ appId: one.appId, version: 5, route: one }, place), data: {} });
    await new Promise((resolve) => setImmediate(resolve));
    await routes.replace(6, [one]);
    expect(recorded()).toEqual(["route-id-of-one 6 false"]);
  });

  test("that somebody edited into another route is put right by the next replace", async () => {
    const { routes } = await openTable();
    await routes.put(5, one);
    cluster.put(makeRouteObject({ appId: one.appId, version: 5, route: held(one) }, place));
    await new Promise((resolve) => setImmediate(resolve));
    await routes.replace(6, [one]);
    expect(recorded()).toEqual(["route-id-of-one 6 false"]);
  });

  test("that somebody removed is made anew by the next replace, seen or not", async () => {
    const { routes } = await openTable();
    await routes.replace(5, [one, two]);
    cluster.drop("route-id-of-one");
    await new Promise((resolve) => setImmediate(resolve));
    cluster.hold();
    cluster.drop("route-id-of-two");
    await routes.replace(6, [one, held(two)]);
    expect(recorded().sort()).toEqual(["route-id-of-one 6 false", "route-id-of-two 6 true"]);
    cluster.tell();
  });

  test("that is a copy under another name is left alone", async () => {
    const copy = makeRouteObject({ appId: one.appId, version: 99, route: held(one) }, place);
    cluster.put({ ...copy, metadata: { ...copy.metadata, name: "copy" } });
    const { routes } = await openTable();
    await routes.put(1, one);
    expect(recorded().sort()).toEqual(["copy undefined gone", "route-id-of-one 1 false"]);
  });
});

describe("a whole table", () => {
  test("of a thousand routes writes only what is different", async () => {
    const { routes, reached } = await openTable();
    const all = Array.from({ length: 1_000 }, (_, i) => appRoute(`app-${i}`));
    await routes.replace(1, all);
    expect(cluster.objects().length).toBe(1_000);
    cluster.asked.length = 0;
    await routes.replace(2, all);
    expect(cluster.asked).toEqual([]);
    await routes.replace(3, [
      ...all.slice(1, 999).map((route, i) => (i === 5 ? held(route) : route)),
      appRoute("new"),
    ]);
    expect(cluster.asked.sort()).toEqual([
      "create route-id-of-new",
      ...["0", "6", "999"].map((n) => `replace route-id-of-app-${n}`),
    ]);
    expect(reached).toEqual([]);
  });

  test("is the same for a process that starts anew: nothing is written", async () => {
    await (await openTable()).routes.replace(1, [one, two]);
    cluster.asked.length = 0;
    await (await openTable()).routes.replace(2, [one, two]);
    expect(cluster.asked).toEqual([]);
  });

  test("remembers who is gone for an hour, and forgets then", async () => {
    const { routes } = await openTable();
    await routes.replace(1, [one, two]);
    await routes.replace(2, [two]);
    now += HOUR;
    await routes.replace(3, [two]);
    expect(recorded().sort()).toEqual(["route-id-of-one 2 gone", "route-id-of-two 1 false"]);
    now += 1;
    await routes.replace(4, [two]);
    expect(recorded()).toEqual(["route-id-of-two 1 false"]);
    await routes.put(3, one);
    expect(recorded().length).toBe(1);
  });

  test("forgets nobody who came back meanwhile", async () => {
    const [p, q] = [await openTable(), await openTable()];
    await p.routes.replace(1, [one]);
    await p.routes.replace(2, []);
    now += HOUR + 1;
    cluster.hold();
    await q.routes.put(4, one);
    await p.routes.replace(3, []);
    expect(recorded()).toEqual(["route-id-of-one 4 false"]);
    cluster.tell();
  });

  test("that fails in part is told, and done by the next", async () => {
    const { routes } = await openTable();
    cluster.refuse(500, 1);
    await expect(routes.replace(1, [one, two])).rejects.toMatchObject({ status: 500 });
    await vi.waitFor(() => expect(cluster.objects().length).toBe(1));
    await routes.replace(2, [one, two]);
    expect(cluster.objects().length).toBe(2);
  });
});
