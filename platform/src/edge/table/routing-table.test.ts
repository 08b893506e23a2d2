import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appRoute, endpoint } from "../route/route-fixtures.ts";
import { testRouteTable } from "../route/route-table-suite.ts";
import { asRouteTable } from "./route-journal.ts";
import { type RouteWrite, RoutingTable } from "./routing-table.ts";

testRouteTable("in memory", async () => {
  const table = new RoutingTable();
  return {
    routes: asRouteTable(async (write) => {
      table.write(write);
    }, table),
    find: (host) => table.find(host),
    news: (told) => table.news(told),
    close: async () => {},
  };
});

describe("the routing table", () => {
  it("knows no endpoints until it is told all of them", () => {
    const table = new RoutingTable();
    expect(table.endpoints("a")).toBeUndefined();
    table.news({ kind: "all", apps: { a: [endpoint("web.1", { port: 1 })] } });
    expect(table.endpoints("a")).toHaveLength(1);
    expect(table.endpoints("b")).toEqual([]);
    table.news({ kind: "app", appId: "b", endpoints: [endpoint("web.1")] });
    expect(table.endpoints("b")).toHaveLength(1);
    table.endpointsLost();
    expect(table.endpoints("a")).toBeUndefined();
    table.news({ kind: "all", apps: {} });
    expect(table.endpoints("a")).toEqual([]);
  });

  it("tells its listeners what changed, after it has", () => {
    const table = new RoutingTable();
    const told: unknown[] = [];
    const unsubscribe = table.subscribe((appId) => told.push([appId, table.routes().length]));
    table.write({ kind: "put", version: 2, route: appRoute("one") });
    table.write({ kind: "put", version: 1, route: appRoute("one") });
    table.write({ kind: "replace", version: 3, routes: [appRoute("two"), appRoute("three")] });
    table.news({ kind: "app", appId: "x", endpoints: [] });
    table.endpointsLost();
    unsubscribe();
    table.write({ kind: "remove", version: 4, appId: "id-of-two" });
    expect(told).toEqual([
      ["id-of-one", 1],
      [undefined, 2],
      ["x", 2],
      [undefined, 2],
    ]);
  });

  const name = fc.constantFrom("a", "b", "c");
  const write: fc.Arbitrary<RouteWrite> = fc.oneof(
    fc.record({
      kind: fc.constant("put" as const),
      version: fc.nat(9),
      route: fc.tuple(name, name).map(([app, host]) => appRoute(app, { hosts: [`${app}.x`, `${host}.y`] })),
    }),
    fc.record({
      kind: fc.constant("remove" as const),
      version: fc.nat(9),
      appId: name.map((n) => `id-of-${n}`),
    }),
    fc.record({
      kind: fc.constant("replace" as const),
      version: fc.nat(9),
      routes: fc.subarray(["a", "b", "c"]).map((names) => names.map((n) => appRoute(n))),
    }),
  );

  it("is made again by its own writes, old writes included", () => {
    fc.assert(
      fc.property(fc.array(write), fc.array(write), (writes, later) => {
        const table = new RoutingTable();
        for (const each of writes) table.write(each);
        const copy = new RoutingTable();
        for (const each of table.asWrites()) copy.write(each);
        for (const each of later) expect(copy.write(each)).toBe(table.write(each));
        const sorted = (of: RoutingTable) => of.routes().sort((x, y) => x.appId.localeCompare(y.appId));
        expect(sorted(copy)).toEqual(sorted(table));
      }),
    );
  });

  it("finds by each host an app that has it", () => {
    fc.assert(
      fc.property(fc.array(write), (writes) => {
        const table = new RoutingTable();
        for (const each of writes) table.write(each);
        for (const route of table.routes()) {
          for (const host of route.hosts) {
            const found = table.find(host);
            if (found) expect(found.hosts).toContain(host);
          }
          expect(table.route(route.appId)).toBe(route);
        }
      }),
    );
  });
});
