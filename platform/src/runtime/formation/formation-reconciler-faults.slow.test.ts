import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deleteApp } from "../../apps/app/app-store.ts";
import { startTestDelivery, type TestDelivery } from "../../delivery/release/delivery-fixtures.ts";
import { rollBack } from "../../delivery/release/index.ts";
import { listDynoRecords } from "./dyno-record-store.ts";
import { BOTH, type FormationApp, makeFormationApp, WEB } from "./formation-app-fixtures.ts";

let world: TestDelivery;
let on: FormationApp;

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  on = await makeFormationApp(world);
});

describe("successors that do not start", () => {
  test("leave the old ones serving, and the next release takes over from them", async () => {
    await on.serving();
    await on.push(WEB, "b");
    await on.round();
    on.engine.crashStarting();
    expect(await on.round()).toEqual({ kind: "done" });
    expect(on.engine.dynos(on.appId)).toEqual([
      "web.1 v2 serve up",
      "web.1 v3 stand-by crashed",
      "web.2 v2 serve up",
      "web.2 v3 stand-by crashed",
    ]);
    await on.set({ FIX: "1" });
    await on.settle();
    expect(on.engine.dynos(on.appId).filter((text) => text.includes("serve"))).toEqual([
      "web.1 v4 serve up",
      "web.2 v4 serve up",
    ]);
    expect(on.engine.fewestServing).toBe(2);
  });

  test("come up later and take over then", async () => {
    await on.serving();
    await on.push(WEB, "b");
    await on.round();
    on.engine.crashStarting();
    await on.round();
    for (const { id } of on.engine.specs(on.appId).filter(({ releaseVersion }) => releaseVersion === 3))
      on.engine.set(id, { kind: "up" });
    await on.round();
    expect(on.engine.dynos(on.appId).filter((text) => text.includes("serve"))).toEqual([
      "web.1 v3 serve up",
      "web.2 v3 serve up",
    ]);
  });
});

describe("warm dynos", () => {
  test("stop when their time is over, which the round waits for", async () => {
    await on.serving();
    await on.push(WEB, "b");
    await on.settle();
    const now = Date.now();
    on.around.now = () => new Date(now);
    expect(await on.round()).toMatchObject({ kind: "waiting", reason: "warm" });
    on.around.now = () => new Date(now + 601_000);
    expect(await on.round()).toEqual({ kind: "done" });
    on.engine.finishStops();
    expect(on.engine.dynos(on.appId)).toEqual(["web.1 v3 serve up", "web.2 v3 serve up"]);
  });

  test("that hold another config are not used: the image is started, without a gap", async () => {
    await on.serving();
    await on.set({ A: "1" });
    await on.settle();
    await on.push(WEB, "b");
    await on.settle();
    const { length } = on.engine.started;
    await rollBack({ appId: on.appId, actor: world.actor, to: "v2" }, world);
    await on.settle();
    expect(on.engine.started.length).toBe(length + 2);
    expect(on.engine.fewestServing).toBe(2);
  });

  test("keep their id and take the new release's version when they serve again", async () => {
    await on.serving();
    const before = on.engine.specs(on.appId).map(({ id }) => id);
    await on.push(WEB, "b");
    await on.settle();
    const rolled = await rollBack({ appId: on.appId, actor: world.actor, to: "v2" }, world);
    await on.round();
    const serve = on.engine.specs(on.appId).filter(({ duty }) => duty === "serve");
    expect(serve.map(({ id, releaseId, releaseVersion }) => [id, releaseId, releaseVersion])).toEqual(
      before.map((id) => [id, rolled.id, 4]),
    );
    expect(on.engine.fewestServing).toBe(2);
  });
});

describe("without memory for all successors", () => {
  test("they start one at a time, which is said in the log once", async () => {
    await on.serving();
    on.around.freeMemory = 100;
    await on.push(WEB, "b");
    await on.round();
    expect(on.engine.dynos(on.appId)).toEqual([
      "web.1 v2 serve up",
      "web.1 v3 stand-by starting",
      "web.2 v2 serve up",
    ]);
    await on.settle();
    expect(on.engine.dynos(on.appId)).toEqual(["web.1 v3 serve up", "web.2 v3 serve up"]);
    expect(on.engine.fewestServing).toBe(2);
    expect(on.said.map(({ source, process, message }) => [source, process, message])).toEqual([
      [
        "heroku",
        "web",
        "Not enough free memory to start all new web dynos beside the old ones; replacing one at a time",
      ],
    ]);
  });
});

describe("an engine", () => {
  test("that was not seen yet is waited for", async () => {
    await on.push(WEB);
    on.engine.unseen();
    expect(await on.round()).toMatchObject({ kind: "waiting", reason: "host-away" });
    expect(await listDynoRecords(world.db, on.appId)).toEqual([]);
  });

  test("that is away gets its dynos when it is back, the same ones", async () => {
    await on.push(WEB);
    on.engine.away = true;
    const applied = new Map<string, string>();
    await expect(on.round(undefined, applied)).rejects.toThrow("the dyno host is away");
    const records = await listDynoRecords(world.db, on.appId);
    expect(records).toHaveLength(1);
    on.engine.away = false;
    await on.round(undefined, applied);
    expect(on.engine.specs(on.appId).map(({ id }) => id)).toEqual(records.map(({ id }) => id));
  });

  test("that lost its dynos gets them again", async () => {
    await on.serving();
    const applied = new Map<string, string>();
    await on.round(undefined, applied);
    on.engine.lose();
    await on.round(undefined, applied);
    expect(on.engine.dynos(on.appId)).toEqual(["web.1 v2 serve starting", "web.2 v2 serve starting"]);
  });

  test("that has all it should is left alone", async () => {
    await on.serving();
    const applied = new Map<string, string>();
    await on.round(undefined, applied);
    on.engine.away = true;
    expect(await on.round(undefined, applied)).toEqual({ kind: "done" });
  });

  test("that has all it should is left alone by the next claim too, and gets what it lost", async () => {
    await on.serving();
    const applied = new Map<string, string>();
    await on.round(undefined, applied);
    on.around.claim = 2;
    on.engine.away = true;
    expect(await on.round(undefined, applied)).toEqual({ kind: "done" });
    on.engine.away = false;
    const lost = on.engine.specs(on.appId).find(({ name }) => name === "web.2");
    on.engine.end(lost?.id ?? "", 0);
    await on.round(undefined, applied);
    expect(on.engine.dynos(on.appId)).toEqual(["web.1 v2 serve up", "web.2 v2 serve starting"]);
  });

  test("loses the dynos of an app that is gone, and the process forgets it", async () => {
    await on.serving();
    const applied = new Map<string, string>();
    await on.round(undefined, applied);
    await deleteApp(world.db, on.appId);
    expect(await on.round(undefined, applied)).toEqual({ kind: "done" });
    expect(on.engine.dynos(on.appId)).toEqual(["web.1 v2 serve stopping", "web.2 v2 serve stopping"]);
    expect(applied.size).toBe(0);
    on.engine.finishStops();
    on.engine.away = true;
    expect(await on.round(undefined, applied)).toEqual({ kind: "done" });
  });
});

describe("a claim", () => {
  test("that another process holds is waited for", async () => {
    await on.push(WEB);
    on.around.claim = undefined;
    expect(await on.round()).toMatchObject({ kind: "waiting", reason: "claimed" });
  });

  test("that another process has taken meanwhile writes nothing and hands nothing on", async () => {
    await on.serving();
    const before = { recorded: await listDynoRecords(world.db, on.appId), has: on.engine.dynos(on.appId) };
    await on.push(WEB, "b");
    on.around.taken = 2;
    expect(await on.round()).toMatchObject({ kind: "waiting", reason: "claimed" });
    expect(await listDynoRecords(world.db, on.appId)).toEqual(before.recorded);
    await world.db.transaction().execute((trx) => deleteApp(trx, on.appId));
    expect(await on.round()).toMatchObject({ kind: "waiting", reason: "claimed" });
    expect(on.engine.dynos(on.appId)).toEqual(before.has);
  });

  test("that is older than one that acted can do no harm", async () => {
    await on.serving();
    on.around.claim = 2;
    await on.push(WEB, "b");
    await on.settle();
    const after = on.engine.dynos(on.appId);
    on.around.claim = 1;
    await on.scale("web", 1);
    expect(await on.round()).toMatchObject({ kind: "waiting", reason: "claimed" });
    expect(on.engine.dynos(on.appId)).toEqual(after);
    on.around.claim = 2;
    await on.settle();
    expect(on.engine.dynos(on.appId).filter((text) => text.includes("serve"))).toEqual(["web.1 v3 serve up"]);
  });
});

test("while a release command runs the old release serves on", async () => {
  await on.serving();
  await on.push({ ...WEB, release: "migrate" }, "b");
  await on.settle();
  expect(on.engine.dynos(on.appId)).toEqual(["web.1 v2 serve up", "web.2 v2 serve up"]);
});

test("a release process is no part of the formation", async () => {
  await on.push({ ...BOTH, release: "migrate" });
  const pending = (await world.releases(on.appId)).at(-1);
  expect(pending?.status).toBe("pending");
  await on.round();
  expect(await on.formation()).toEqual([]);
});

test("a type that comes back starts from its default again", async () => {
  await on.serving(BOTH);
  await on.scale("worker", 3);
  await on.push(WEB, "b");
  await on.settle();
  await on.push(BOTH, "c");
  await on.settle();
  expect(await on.formation()).toEqual(["web=2:Standard-1X", "worker=0:Standard-1X"]);
});

test("a worker's successor starts only when the old one has ended", async () => {
  await on.push(BOTH);
  await on.round();
  await on.scale("worker", 1);
  await on.settle();
  await on.set({ A: "1" });
  await on.round();
  expect(on.engine.dynos(on.appId)).toContain("worker.1 v2 work stopping");
  await on.round();
  expect(on.engine.started.filter(({ type }) => type === "worker")).toHaveLength(1);
  on.engine.finishStops();
  await on.round();
  expect(on.engine.dynos(on.appId)).toContain("worker.1 v3 work starting");
});
