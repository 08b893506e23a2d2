import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestDelivery, type TestDelivery } from "../../delivery/release/delivery-fixtures.ts";
import { type FormationApp, makeFormationApp, WEB } from "./formation-app-fixtures.ts";
import { makeDeployVerifier } from "./verify-deploy.ts";

let world: TestDelivery;
let on: FormationApp;

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  on = await makeFormationApp(world);
});

/** The ids of the dynos on duty, as a router knows them that has heard everything. */
const serving = async () =>
  on.engine
    .specs(on.appId)
    .filter(({ duty }) => duty === "serve")
    .map(({ id }) => id);

const verifier = (routedTo: () => Promise<readonly string[] | undefined> = serving) =>
  makeDeployVerifier({ db: world.db, watch: on.engine.view(), routedTo });

async function verify(routedTo = serving, signal = new AbortController().signal) {
  const release = (await world.releases(on.appId)).at(-1);
  if (!release) throw new Error("no release");
  return await verifier(routedTo).verify(release, signal);
}

test("waits for the web dynos to serve", async () => {
  await on.push(WEB);
  const verdict = verify();
  await on.round();
  on.engine.boot();
  expect(await verdict).toEqual({ kind: "up" });
});

test("waits for the switch, not only for the successors", async () => {
  await on.serving();
  await on.push(WEB, "b");
  const verdict = verify();
  await on.round();
  on.engine.boot();
  await on.round();
  expect(await verdict).toEqual({ kind: "up" });
});

test("waits for the router, which may be away and hears of the switch last", async () => {
  await on.serving();
  const before = await serving();
  await on.push(WEB, "b");
  const news = [undefined, before, [...before, ...(await serving())]];
  const asked: unknown[] = [];
  const verdict = verify(async () => {
    const routed = asked.length < news.length ? news[asked.length] : await serving();
    asked.push(routed);
    return routed as string[];
  });
  await on.round();
  on.engine.boot();
  await on.round();
  expect(await verdict).toEqual({ kind: "up" });
  expect(asked).toEqual([...news, await serving()]);
});

test("tells of dynos that do not start, also when the old ones serve on", async () => {
  await on.serving();
  await on.push(WEB, "b");
  await on.round();
  on.engine.crashStarting();
  expect(await verify()).toMatchObject({
    kind: "crashed",
    message: expect.stringContaining("web.1 exited with status 1"),
  });
});

test("has nothing to wait for without web dynos", async () => {
  await on.push({ worker: "work" });
  expect(await verify()).toEqual({ kind: "none" });
});

test("has nothing to wait for at a quantity of none", async () => {
  await on.push(WEB);
  await on.round();
  await on.scale("web", 0);
  expect(await verify()).toEqual({ kind: "none" });
});

test("stops when a newer release has taken over", async () => {
  const release = await on.push(WEB);
  await on.set({ A: "1" });
  expect(await verifier().verify(release, new AbortController().signal)).toEqual({
    kind: "unknown",
    message: "a newer release has taken over.",
  });
});

test("ends at an abort", async () => {
  await on.push(WEB);
  const stopping = new AbortController();
  const verdict = verify(serving, stopping.signal);
  stopping.abort();
  expect(await verdict).toMatchObject({ kind: "unknown" });
});
