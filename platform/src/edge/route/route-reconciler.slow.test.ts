import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deleteApp, updateApp } from "../../apps/app/app-store.ts";
import { startTestDelivery, type TestDelivery } from "../../delivery/release/delivery-fixtures.ts";
import { releaseAnImage } from "../../delivery/release/release-fixtures.ts";
import {
  killAtEveryStep,
  makeDoomedProcess,
  untilKilled,
} from "../../drivers/postgres/store/crash-fixtures.ts";
import { applyFormationDelta } from "../../runtime/formation/formation-store.ts";
import { changeFormation } from "../../runtime/formation/index.ts";
import { RoutingTable } from "../table/routing-table.ts";
import type { RouteTable } from "./route-ports.ts";
import {
  listStaleRoutes,
  type RouteReconcilerDependencies,
  reconcileRoute,
  replaceRoutes,
  type ToldRoute,
} from "./route-reconciler.ts";

let world: TestDelivery;
let version = 0;

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());

/** A router: its table, and what was written to it. */
function makeRouter() {
  const table = new RoutingTable();
  const writes: string[] = [];
  const state = { away: false };
  const write = (text: string, does: () => void) => {
    if (state.away) throw new Error("the router is away");
    writes.push(text);
    does();
  };
  const port: RouteTable = {
    replace: async (at, routes) =>
      write("replace", () => void table.write({ kind: "replace", version: at, routes })),
    put: async (at, route) =>
      write(`put ${route.appName}`, () => void table.write({ kind: "put", version: at, route })),
    remove: async (at, appId) =>
      write("remove", () => void table.write({ kind: "remove", version: at, appId })),
    endpoints: async (appId) => table.endpoints(appId),
  };
  return { table, writes, state, port };
}

type Router = ReturnType<typeof makeRouter>;

/** What a control process writes routes with. */
function processFor(router: Router, process = makeDoomedProcess()): RouteReconcilerDependencies {
  return {
    db: process.database(world.db),
    table: process.port(router.port),
    domain: "localhost",
    nextVersion: () => ++version,
    told: new Map<string, ToldRoute>(),
  };
}

let router: Router;
let deps: RouteReconcilerDependencies;
let app: Awaited<ReturnType<TestDelivery["newApp"]>>;

beforeEach(async () => {
  router = makeRouter();
  deps = processFor(router);
  app = await world.newApp();
});

const route = () => router.table.route(app.id);
const withWeb = async (quantity: number) => {
  const declared = { type: "web", command: "serve", quantity, size: "Standard-1X" };
  const make = { newId: world.newId, now: new Date() };
  await applyFormationDelta(world.db, app.id, { added: [declared], removed: [], changed: [] }, make);
};
const scale = (quantity: number) =>
  changeFormation({ appId: app.id, actor: world.actor, updates: [{ type: "web", quantity }] }, world);

describe("an app's route", () => {
  test("is there from its creation, without code", async () => {
    expect(await reconcileRoute(app.id, deps)).toEqual({ kind: "done" });
    expect(route()).toEqual({
      appId: app.id,
      appName: app.name,
      hosts: [`${app.name}.localhost`],
      maintenance: false,
      released: false,
      webQuantity: 0,
    });
  });

  /** Each builds on those before it. */
  const steps: [string, () => Promise<unknown>, object][] = [
    [
      "a first release",
      () => releaseAnImage(world, app.id, { web: "serve" }),
      { released: true, webQuantity: 0 },
    ],
    ["its formation", () => withWeb(1), { released: true, webQuantity: 1 }],
    ["more dynos", () => scale(3), { webQuantity: 3 }],
    ["none", () => scale(0), { webQuantity: 0 }],
    [
      "maintenance",
      () => updateApp(world.db, app.id, { maintenance: true }, new Date()),
      { maintenance: true, released: true },
    ],
  ];
  test("follows what is recorded, written once for each change", async () => {
    await reconcileRoute(app.id, deps);
    for (const [name, change, expected] of steps) {
      await change();
      await reconcileRoute(app.id, deps);
      await reconcileRoute(app.id, deps);
      expect(route(), name).toMatchObject(expected);
    }
    expect(router.writes).toEqual(Array.from({ length: steps.length + 1 }, () => `put ${app.name}`));
  });

  test("moves to its new name, and leaves the old one", async () => {
    await reconcileRoute(app.id, deps);
    await updateApp(world.db, app.id, { name: `new-${app.name.slice(0, 20)}` }, new Date());
    await reconcileRoute(app.id, deps);
    expect(router.table.find(`${app.name}.localhost`)).toBeUndefined();
    expect(router.table.find(`new-${app.name.slice(0, 20)}.localhost`)?.appId).toBe(app.id);
  });

  test("goes with its app", async () => {
    await reconcileRoute(app.id, deps);
    await deleteApp(world.db, app.id);
    await reconcileRoute(app.id, deps);
    expect(route()).toBeUndefined();
    expect(deps.told.has(app.id)).toBe(false);
  });

  test("is written when the router is back", async () => {
    router.state.away = true;
    await expect(reconcileRoute(app.id, deps)).rejects.toThrow("the router is away");
    router.state.away = false;
    await reconcileRoute(app.id, deps);
    expect(route()).toBeDefined();
  });

  test("is the newest, whoever of two writers comes last", async () => {
    const late = Promise.withResolvers<void>();
    const slow: RouteReconcilerDependencies = {
      ...deps,
      table: {
        ...router.port,
        put: async (...given) => {
          await late.promise;
          await router.port.put(...given);
        },
      },
    };
    const first = reconcileRoute(app.id, slow);
    await updateApp(world.db, app.id, { maintenance: true }, new Date());
    await reconcileRoute(app.id, deps);
    late.resolve();
    await first;
    expect(route()?.maintenance).toBe(true);
    expect(await listStaleRoutes(deps)).not.toContain(app.id);
  });
});

describe("all routes at once", () => {
  test("take the place of what was there", async () => {
    const gone = await world.newApp();
    await reconcileRoute(gone.id, deps);
    await deleteApp(world.db, gone.id);
    await releaseAnImage(world, app.id, { web: "serve" });
    await withWeb(2);
    await replaceRoutes(processFor(router));
    expect(router.table.route(gone.id)).toBeUndefined();
    expect(route()).toMatchObject({ released: true, webQuantity: 2 });
  });

  test("are the same as one by one", async () => {
    await releaseAnImage(world, app.id, { web: "serve" });
    await withWeb(2);
    await replaceRoutes(deps);
    const before = route();
    await reconcileRoute(app.id, processFor(router));
    expect(route()).toEqual(before);
  });

  test("leave nothing to be written one by one", async () => {
    await replaceRoutes(deps);
    expect(await listStaleRoutes(deps)).toEqual([]);
    await reconcileRoute(app.id, deps);
    expect(router.writes).toEqual(["replace"]);
  });
});

describe("a hint that was lost", () => {
  beforeEach(() => replaceRoutes(deps));

  test.each<[string, () => Promise<unknown>]>([
    ["of a change", () => updateApp(world.db, app.id, { maintenance: true }, new Date())],
    ["of code", () => releaseAnImage(world, app.id, { web: "serve" })],
    ["of a formation", () => withWeb(1)],
    ["of an app's end", () => deleteApp(world.db, app.id)],
  ])("%s is found by the list", async (_name, change) => {
    await change();
    expect(await listStaleRoutes(deps)).toEqual([app.id]);
    await reconcileRoute(app.id, deps);
    expect(await listStaleRoutes(deps)).toEqual([]);
  });

  test("of a new app is found by the list", async () => {
    app = await world.newApp();
    expect(await listStaleRoutes(deps)).toEqual([app.id]);
  });

  test("does not matter to a process that has just started: it tells everything", async () => {
    expect(await listStaleRoutes(processFor(router))).toContain(app.id);
  });
});

test("killed at any step, the next process makes everything right", async () => {
  await killAtEveryStep(async (process) => {
    router = makeRouter();
    app = await world.newApp();
    const doomed = processFor(router, process);
    await untilKilled(replaceRoutes(doomed));
    await releaseAnImage(world, app.id, { web: "serve" });
    await withWeb(1);
    await untilKilled(reconcileRoute(app.id, doomed));
    const revive = async () => {
      const next = processFor(router);
      await replaceRoutes(next);
      expect(route()).toMatchObject({ released: true, webQuantity: 1 });
      expect(await listStaleRoutes(next)).toEqual([]);
    };
    return { revive };
  });
});
