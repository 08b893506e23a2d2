import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deleteApp } from "../../apps/app/app-store.ts";
import { startTestDelivery, type TestDelivery } from "../../delivery/release/delivery-fixtures.ts";
import { releaseAnImage } from "../../delivery/release/release-fixtures.ts";
import {
  killAtEveryStep,
  makeDoomedProcess,
  untilKilled,
} from "../../drivers/postgres/store/crash-fixtures.ts";
import { newId } from "../../kernel/index.ts";
import type { DynoSpec } from "../dyno/index.ts";
import { ScriptedEngine } from "../formation/scripted-engine-fixtures.ts";
import { reconcileOneOffs } from "./one-off-reconciler.ts";
import { listOneOffs } from "./one-off-store.ts";
import { runOneOff } from "./run-one-off.ts";

let world: TestDelivery;
let appId: string;
let engine: ScriptedEngine;
let now: Date;

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(() => begin());

async function begin() {
  appId = (await world.newApp()).id;
  engine = new ScriptedEngine();
  now = new Date();
  await releaseAnImage(world, appId, { web: "serve" });
}

const run = () =>
  runOneOff(
    { appId, command: "bash", attach: false, noTerminal: false },
    {
      ...world,
      clock: () => now,
      random: Math.random,
      host: engine,
      hostOf: (name) => name,
      sizeOf: () => ({ name: "Standard-1X", limits: { memoryBytes: 1, cpuShare: 1, pids: 1 } }),
    },
  );

const round = (process = makeDoomedProcess()) =>
  reconcileOneOffs(appId, {
    db: process.database(world.db),
    clock: () => now,
    watch: engine.view(),
    host: process.port(engine),
  });

const recorded = async () => (await listOneOffs(world.db, appId)).map(({ id }) => id);

describe("a record", () => {
  test("stays while its dyno runs", async () => {
    const dyno = await run();
    engine.boot();
    expect(await round()).toEqual({ kind: "done" });
    expect(await recorded()).toEqual([dyno.id]);
  });

  test("ends when its dyno has ended", async () => {
    const [first, second] = [await run(), await run()];
    engine.end(first.id, 0);
    expect(await round()).toEqual({ kind: "done" });
    expect(await recorded()).toEqual([second.id]);
  });

  test("ends when the engine came back without its dyno, but not before that can be told", async () => {
    await run();
    engine.lose();
    expect(await round()).toMatchObject({ kind: "waiting", reason: "not-seen", againInMs: 10_000 });
    expect(await recorded()).toHaveLength(1);
    now = new Date(now.getTime() + 10_000);
    expect(await round()).toEqual({ kind: "done" });
    expect(await recorded()).toEqual([]);
  });

  test("stays while the engine has not been seen", async () => {
    await run();
    engine.unseen();
    now = new Date(now.getTime() + 60_000);
    expect(await round()).toMatchObject({ kind: "waiting", reason: "host-away" });
    expect(await recorded()).toHaveLength(1);
  });
});

/** A dyno that nobody has a record of. */
async function unrecorded(name: string, parts: Partial<DynoSpec> = {}): Promise<string> {
  const id = newId();
  const spec = { id, name, type: name.split(".")[0], appId, releaseVersion: 1, duty: "work", ...parts };
  await engine.run(spec as DynoSpec, { attach: false });
  return id;
}

describe("a dyno", () => {
  test("without a record is stopped", async () => {
    await run();
    await unrecorded("run.1234");
    await round();
    expect(engine.dynos(appId)).toHaveLength(1);
  });

  test("of an app that is gone is stopped", async () => {
    await run();
    await deleteApp(world.db, appId);
    expect(await round()).toEqual({ kind: "done" });
    expect(engine.dynos(appId)).toEqual([]);
  });

  test("of the formation is none of this", async () => {
    const stopped: string[] = [];
    const stop = engine.stop.bind(engine);
    engine.stop = async (id) => {
      stopped.push(id);
      await stop(id);
    };
    await unrecorded("web.1");
    await unrecorded("worker.100");
    await round();
    expect([stopped, engine.dynos(appId).length]).toEqual([[], 2]);
  });

  test("that is stopping already is not stopped again", async () => {
    const id = await unrecorded("run.1234");
    engine.set(id, { kind: "stopping" });
    await round();
    expect(engine.dynos(appId)).toEqual(["run.1234 v1 work stopping"]);
  });

  test("that cannot be stopped just now is tried again", async () => {
    await unrecorded("run.1234");
    engine.away = true;
    await expect(round()).rejects.toThrow("the dyno host is away");
    engine.away = false;
    await round();
    expect(engine.dynos(appId)).toEqual([]);
  });
});

test("killed at any step, the next process makes everything right", async () => {
  const killed = await killAtEveryStep(async (process) => {
    await begin();
    const [ended, kept] = [await run(), await run()];
    engine.end(ended.id, 3);
    await unrecorded("run.1234");
    await unrecorded("run.1235");
    await untilKilled(round(process));
    const revive = async () => {
      expect(await round()).toEqual({ kind: "done" });
      expect(await recorded()).toEqual([kept.id]);
      expect(engine.dynos(appId)).toHaveLength(1);
    };
    return { revive };
  });
  expect(killed).toBe(6);
});
