import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestDelivery, type TestDelivery } from "../../delivery/release/delivery-fixtures.ts";
import { changeAppConfig } from "../../delivery/release/index.ts";
import { releaseAnImage } from "../../delivery/release/release-fixtures.ts";
import { changeFormation } from "./change-formation.ts";
import { reconcileFormation } from "./formation-reconciler.ts";
import { ScriptedEngine } from "./scripted-engine-fixtures.ts";
import { makeDeployVerifier } from "./verify-deploy.ts";

let world: TestDelivery;
let appId: string;
let engine: ScriptedEngine;

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  appId = (await world.newApp()).id;
  engine = new ScriptedEngine();
});

const round = () =>
  reconcileFormation(appId, {
    ...world,
    host: engine,
    watch: engine.view(),
    logs: { write: () => {} },
    claim: async (id) => ({ subject: id, number: 1 }),
    hostOf: (name) => `${name}.localhost`,
    applied: new Map(),
    freeMemory: () => 8 * 2 ** 30,
    warmSeconds: 600,
    warmBudget: 10,
  });

async function verify(signal = new AbortController().signal) {
  const release = (await world.releases(appId)).at(-1);
  if (!release) throw new Error("no release");
  return await makeDeployVerifier({ db: world.db, watch: engine.view() }).verify(release, signal);
}

test("waits for the web dynos to serve", async () => {
  await releaseAnImage(world, appId, { web: "serve" });
  const verdict = verify();
  await round();
  engine.boot();
  expect(await verdict).toEqual({ kind: "up" });
});

test("waits for the switch, not only for the successors", async () => {
  await releaseAnImage(world, appId, { web: "serve" }, "a");
  await round();
  engine.boot();
  await releaseAnImage(world, appId, { web: "serve" }, "b");
  const verdict = verify();
  await round();
  engine.boot();
  await round();
  expect(await verdict).toEqual({ kind: "up" });
});

test("tells of dynos that do not start, also when the old ones serve on", async () => {
  await releaseAnImage(world, appId, { web: "serve" }, "a");
  await round();
  engine.boot();
  await releaseAnImage(world, appId, { web: "serve" }, "b");
  await round();
  engine.crashStarting();
  expect(await verify()).toMatchObject({
    kind: "crashed",
    message: expect.stringContaining("web.1 exited with status 1"),
  });
});

test("has nothing to wait for without web dynos", async () => {
  await releaseAnImage(world, appId, { worker: "work" });
  expect(await verify()).toEqual({ kind: "none" });
});

test("has nothing to wait for at a quantity of none", async () => {
  await releaseAnImage(world, appId, { web: "serve" });
  await round();
  const updates = [{ type: "web", quantity: 0 }];
  await changeFormation({ appId, actor: world.actor, updates }, world);
  expect(await verify()).toEqual({ kind: "none" });
});

test("stops when a newer release has taken over", async () => {
  const release = await releaseAnImage(world, appId, { web: "serve" });
  await changeAppConfig({ appId, actor: world.actor, change: { A: "1" } }, world);
  const verifier = makeDeployVerifier({ db: world.db, watch: engine.view() });
  expect(await verifier.verify(release, new AbortController().signal)).toEqual({
    kind: "unknown",
    message: "a newer release has taken over.",
  });
});

test("ends at an abort", async () => {
  await releaseAnImage(world, appId, { web: "serve" });
  const stopping = new AbortController();
  const verdict = verify(stopping.signal);
  stopping.abort();
  expect(await verdict).toMatchObject({ kind: "unknown" });
});
