import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { appRoute } from "../../../edge/route/route-fixtures.ts";
import { silentLogger } from "../../../kernel/index.ts";
import { openRouteCluster, type RouteCluster } from "./route-cluster-fixtures.ts";
import { makeRouteObject } from "./route-object.ts";
import { type RouteWatch, watchRoutes } from "./watch-routes.ts";

const place = { namespace: "apps" };
const one = appRoute("one");
const two = appRoute("two");
const objectOf = (route: typeof one, version: number) =>
  makeRouteObject({ appId: route.appId, version, route }, place);

let cluster: RouteCluster;
let watch: RouteWatch;
let said: string[];
const warn = vi.fn();
const until = (words: readonly string[]) => vi.waitFor(() => expect(said).toEqual(words));

beforeEach(() => {
  cluster = openRouteCluster();
  said = [];
  warn.mockReset();
});
afterEach(() => watch?.stop());

async function open(): Promise<void> {
  watch = watchRoutes({
    ...{ client: cluster.client, namespace: "apps", logger: { ...silentLogger, warn } },
    replaced: (routes) => void said.push(`all ${routes.map(({ appName }) => appName).join()}`),
    changed: (appId, route) => void said.push(`${appId} ${route ? route.maintenance : "gone"}`),
  });
  await watch.ready;
}

test("all routes are told first, without those that are gone, then each change", async () => {
  cluster.put(objectOf(one, 1));
  cluster.put(makeRouteObject({ appId: "old", version: 2, route: undefined }, place));
  await open();
  expect([said, watch.versionOf(one.appId), watch.versionOf("old"), watch.versionOf("none")]).toEqual([
    ["all one"],
    ...[1, 2, 0],
  ]);
  cluster.put(objectOf({ ...one, maintenance: true }, 3));
  cluster.put(makeRouteObject({ appId: one.appId, version: 4, route: undefined }, place));
  await until(["all one", "id-of-one true", "id-of-one gone"]);
  expect(watch.versionOf(one.appId)).toBe(4);
});

test("an object that was removed takes its route along", async () => {
  cluster.put(objectOf(one, 1));
  await open();
  cluster.drop("route-id-of-one");
  await until(["all one", "id-of-one gone"]);
  expect(watch.versionOf(one.appId)).toBe(0);
});

test("an object that makes no sense changes nothing, and is told", async () => {
  cluster.put(objectOf(one, 1));
  await open();
  cluster.put({ ...objectOf(one, 2), data: { route: "{" } });
  cluster.put(objectOf(two, 3));
  await until(["all one", "id-of-two false"]);
  expect(warn).toHaveBeenCalledExactlyOnceWith("a route's object cannot be read", {
    name: "route-id-of-one",
  });
  expect(watch.versionOf(one.appId)).toBe(1);
});

test("a copy of an object under another name changes nothing, coming or going", async () => {
  cluster.put(objectOf(one, 1));
  const copy = objectOf({ ...one, maintenance: true }, 9);
  cluster.put({ ...copy, metadata: { ...copy.metadata, name: "copy" } });
  await open();
  cluster.drop("copy");
  cluster.put(objectOf(two, 3));
  await until(["all one", "id-of-two false"]);
  expect(watch.versionOf(one.appId)).toBe(1);
});
