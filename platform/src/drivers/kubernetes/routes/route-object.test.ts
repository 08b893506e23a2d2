import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { appRoute } from "../../../edge/route/route-fixtures.ts";
import type { ConfigMap } from "../client/index.ts";
import { makeRouteObject, type RouteEntry, readRouteObject, routeAppOf, sameRoute } from "./route-object.ts";

const place = { namespace: "apps" };
const one = appRoute("one");
const object = makeRouteObject({ appId: one.appId, version: 7, route: one }, place);
const withData = (data: Record<string, string> | undefined): ConfigMap => ({ ...object, data }) as ConfigMap;
const withRoute = (change: object) =>
  withData({ route: JSON.stringify({ version: 7, route: { ...one, ...change } }) });

test("an object is of its kind, in its place, with a name and a label of the app's id alone", () => {
  expect(
    makeRouteObject({ appId: "a1", version: 7, route: undefined }, { ...place, resourceVersion: "9" }),
  ).toEqual({
    ...{ apiVersion: "v1", kind: "ConfigMap" },
    metadata: {
      ...{ name: "route-a1", namespace: "apps", resourceVersion: "9" },
      labels: { "app.kubernetes.io/managed-by": "conifer", "conifer.dev/route": "a1" },
    },
    data: { route: '{"version":7,"route":null}' },
  });
  expect(object.metadata).not.toHaveProperty("resourceVersion");
});

test("what is recorded is read as it was, whatever the names", () => {
  fc.assert(
    fc.property(
      fc.record({ name: fc.string({ unit: "binary" }), hosts: fc.array(fc.string()), quantity: fc.nat() }),
      fc.nat(),
      fc.boolean(),
      ({ name, hosts, quantity }, version, there) => {
        const route = { ...one, appName: name.toWellFormed(), hosts, webQuantity: quantity };
        const entry: RouteEntry = { appId: one.appId, version, route: there ? route : undefined };
        const read = readRouteObject(makeRouteObject(entry, place));
        expect(read).toEqual(entry);
        expect(sameRoute(read?.route, entry.route)).toBe(true);
      },
    ),
  );
});

describe("an object that was edited is read as nothing", () => {
  test.each<[string, ConfigMap]>([
    ["no data", withData(undefined)],
    ["another field", withData({ routes: "{}" })],
    ["no JSON", withData({ route: "{" })],
    ["null", withData({ route: "null" })],
    ["a list", withData({ route: "[]" })],
    ["no version", withData({ route: JSON.stringify({ route: one }) })],
    ["a version that is a text", withData({ route: JSON.stringify({ version: "7", route: one }) })],
    ["no route", withData({ route: JSON.stringify({ version: 7 }) })],
    ["a route that is a text", withData({ route: JSON.stringify({ version: 7, route: "one" }) })],
    ["another app's route", withRoute({ appId: "id-of-two" })],
    ["no name", withRoute({ appName: undefined })],
    ["hosts that are a text", withRoute({ hosts: "one.localhost" })],
    ["a host that is a number", withRoute({ hosts: [1] })],
    ["no maintenance", withRoute({ maintenance: undefined })],
    ["released as a text", withRoute({ released: "yes" })],
    ["a quantity that is a text", withRoute({ webQuantity: "1" })],
    ["no label", { ...object, metadata: { ...object.metadata, labels: {} } }],
    ["a copy under another name", { ...object, metadata: { ...object.metadata, name: "copy" } }],
  ])("%s", (_name, edited) => {
    expect(readRouteObject(edited)).toBeUndefined();
  });
});

test.each([
  [object.metadata, one.appId],
  [{ ...object.metadata, name: "copy" }, undefined],
  [{ ...object.metadata, labels: {} }, undefined],
  [{ name: "route-", labels: { "conifer.dev/route": "" } }, undefined],
])("whose route an object is: %j", (metadata, wanted) => {
  expect(routeAppOf({ metadata })).toBe(wanted);
});

test.each([
  [undefined, undefined, true],
  [one, undefined, false],
  [one, appRoute("one"), true],
  [one, appRoute("one", { maintenance: true }), false],
  [one, appRoute("one", { hosts: [] }), false],
])("routes are the same or not: %#", (a, b, wanted) => {
  expect(sameRoute(a, b)).toBe(wanted);
});
