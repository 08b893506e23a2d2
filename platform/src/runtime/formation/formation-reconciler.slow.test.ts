import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deleteApp, setFeature } from "../../apps/app/app-store.ts";
import { startTestDelivery, type TestDelivery } from "../../delivery/release/delivery-fixtures.ts";
import { changeAppConfig, rollBack } from "../../delivery/release/index.ts";
import { releaseAnImage } from "../../delivery/release/release-fixtures.ts";
import {
  type DoomedProcess,
  killAtEveryStep,
  makeDoomedProcess,
  untilKilled,
} from "../../drivers/postgres/store/crash-fixtures.ts";
import type { LogLine } from "../../kernel/index.ts";
import { changeFormation, restartDynos, stopDynos } from "./change-formation.ts";
import { listDynoRecords } from "./dyno-record-store.ts";
import { reconcileFormation } from "./formation-reconciler.ts";
import { listFormation } from "./formation-store.ts";
import { ScriptedEngine } from "./scripted-engine-fixtures.ts";

let world: TestDelivery;
let appId: string;
let engine: ScriptedEngine;
let said: LogLine[];
/** What may differ between processes and machines. */
let around: { freeMemory: number; claim: number | undefined; now: () => Date };

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(() => begin());

async function begin() {
  appId = (await world.newApp()).id;
  engine = new ScriptedEngine();
  said = [];
  around = { freeMemory: 8 * 2 ** 30, claim: 1, now: () => new Date() };
}

/** One round by a process; without `applied` of a process of its own. */
async function round(process: DoomedProcess = makeDoomedProcess(), applied = new Map<string, string>()) {
  return await reconcileFormation(appId, {
    ...world,
    clock: around.now,
    db: process.database(world.db),
    host: process.port(engine),
    watch: engine.view(),
    logs: { write: (line) => void said.push(line) },
    claim: async () =>
      around.claim === undefined ? undefined : { subject: `dynos:${appId}`, number: around.claim },
    hostOf: (name) => `${name}.localhost`,
    applied,
    freeMemory: () => around.freeMemory,
    warmSeconds: 600,
    warmBudget: 10,
  });
}

/** Rounds, with everything that starts coming up and everything that stops ending, until nothing changes. */
async function settle(process?: DoomedProcess) {
  const applied = new Map<string, string>();
  for (let before = ""; before !== JSON.stringify(engine.dynos(appId)); ) {
    before = JSON.stringify(engine.dynos(appId));
    await round(process, applied);
    engine.boot();
    engine.finishStops();
  }
}

const push = (processes: Record<string, string>, digit = "a") =>
  releaseAnImage(world, appId, processes, digit);
const set = (change: Record<string, string>) => changeAppConfig({ appId, actor: world.actor, change }, world);
const scale = (type: string, quantity: number | string, size?: string) =>
  changeFormation(
    { appId, actor: world.actor, updates: [{ type, quantity, ...(size ? { size } : {}) }] },
    world,
  );
const feature = (name: string, enabled: boolean) =>
  setFeature(world.db, { appId, name, enabled, now: new Date() });
const formation = async () =>
  (await listFormation(world.db, appId)).map(({ type, quantity, size }) => `${type}=${quantity}:${size}`);

const WEB = { web: "serve" };
const BOTH = { web: "serve", worker: "work" };

/** An app whose release v2 serves with two web dynos. */
async function serving(processes: Record<string, string> = WEB) {
  await push(processes, "a");
  await round();
  await scale("web", 2);
  await settle();
  engine.fewestServing = 2;
}

describe("the first code", () => {
  test("starts one web dyno and none of the others", async () => {
    await push({ ...BOTH, clock: "tick" });
    expect(await round()).toEqual({ kind: "done" });
    expect(await formation()).toEqual(["clock=0:Standard-1X", "web=1:Standard-1X", "worker=0:Standard-1X"]);
    expect(engine.dynos(appId)).toEqual(["web.1 v2 serve starting"]);
    expect(await world.eventsOf(appId)).toContainEqual(
      expect.objectContaining({
        kind: "formation.changed",
        data: { scaled: [{ type: "web", quantity: 1, size: "Standard-1X" }] },
      }),
    );
  });

  test("is what a dyno is made of, with its config and metadata", async () => {
    await set({ GREETING: "hello", HEROKU_APP_NAME: "mine" });
    const release = await push(WEB);
    await round();
    const [spec] = engine.specs(appId);
    const app = await world.current(appId);
    expect(spec).toMatchObject({
      name: "web.1",
      type: "web",
      appId,
      releaseId: release.id,
      releaseVersion: 3,
      image: `sha256:${"a".repeat(64)}`,
      command: { kind: "process", type: "web" },
      displayCommand: "serve",
      limits: { memoryBytes: 512 * 2 ** 20, cpuShare: 1, pids: 256 },
      bootSeconds: 60,
      stopSeconds: 30,
    });
    expect(spec?.env).toMatchObject({
      GREETING: "hello",
      HEROKU_APP_NAME: "mine",
      HEROKU_APP_ID: appId,
      HEROKU_DYNO_ID: spec?.id,
      HEROKU_RELEASE_VERSION: "v3",
      HEROKU_SLUG_COMMIT: "0".repeat(40),
    });
    expect(app?.version).toBe(3);
  });

  test("before it there is nothing to run", async () => {
    expect(await round()).toEqual({ kind: "done" });
    expect([engine.dynos(appId), await formation()]).toEqual([[], []]);
  });
});

/** What is done to an app that serves with v2, and what runs in the end. */
const table: {
  name: string;
  processes?: Record<string, string>;
  prepare?: () => Promise<unknown>;
  act: () => Promise<unknown>;
  dynos: readonly string[];
  formation?: readonly string[];
  /** Fewest web dynos that may serve meanwhile. */
  serving: number;
  /** Also done by processes that are killed at each of their steps. */
  killed?: true;
}[] = [
  {
    name: "new code",
    act: () => push(WEB, "b"),
    dynos: ["web.1 v2 warm up", "web.1 v3 serve up", "web.2 v2 warm up", "web.2 v3 serve up"],
    serving: 2,
    killed: true,
  },
  {
    name: "the same code again",
    act: () => push(WEB, "a"),
    dynos: ["web.1 v2 warm up", "web.1 v3 serve up", "web.2 v2 warm up", "web.2 v3 serve up"],
    serving: 2,
  },
  {
    name: "new config",
    act: () => set({ A: "1" }),
    dynos: ["web.1 v2 warm up", "web.1 v3 serve up", "web.2 v2 warm up", "web.2 v3 serve up"],
    serving: 2,
  },
  {
    name: "a rollback to what is warm",
    prepare: async () => {
      await push(WEB, "b");
      await settle();
    },
    act: () => rollBack({ appId, actor: world.actor, to: "v2" }, world),
    dynos: ["web.1 v3 warm up", "web.1 v4 serve up", "web.2 v3 warm up", "web.2 v4 serve up"],
    serving: 2,
    killed: true,
  },
  {
    name: "new code without keeping anything warm",
    prepare: () => feature("warm-rollback", false),
    act: () => push(WEB, "b"),
    dynos: ["web.1 v3 serve up", "web.2 v3 serve up"],
    serving: 2,
  },
  {
    name: "new code without preboot",
    prepare: () => feature("preboot", false),
    act: () => push(WEB, "b"),
    dynos: ["web.1 v3 serve up", "web.2 v3 serve up"],
    serving: 0,
  },
  {
    name: "more dynos",
    act: () => scale("web", "+1"),
    dynos: ["web.1 v2 serve up", "web.2 v2 serve up", "web.3 v2 serve up"],
    serving: 2,
  },
  {
    name: "fewer dynos",
    act: () => scale("web", 1),
    dynos: ["web.1 v2 serve up"],
    serving: 1,
    killed: true,
  },
  {
    name: "no dynos",
    act: () => scale("web", 0),
    dynos: [],
    serving: 0,
  },
  {
    name: "larger dynos",
    prepare: () => feature("warm-rollback", false),
    act: () => scale("web", 2, "standard-2x"),
    dynos: ["web.1 v2 serve up", "web.2 v2 serve up"],
    formation: ["web=2:Standard-2X"],
    serving: 2,
  },
  {
    name: "a restart of all",
    act: () => restartDynos({ appId, actor: world.actor }, world),
    dynos: ["web.1 v2 serve up", "web.2 v2 serve up"],
    serving: 2,
  },
  {
    name: "a stop of the type",
    act: () => stopDynos({ appId, actor: world.actor, type: "web" }, world),
    dynos: ["web.1 v2 serve up", "web.2 v2 serve up"],
    serving: 0,
  },
  {
    name: "workers that are new",
    act: async () => {
      await push(BOTH, "b");
      await settle();
      await scale("worker", 1);
    },
    dynos: [
      "web.1 v2 warm up",
      "web.1 v3 serve up",
      "web.2 v2 warm up",
      "web.2 v3 serve up",
      "worker.1 v3 work up",
    ],
    formation: ["web=2:Standard-1X", "worker=1:Standard-1X"],
    serving: 2,
  },
  {
    name: "workers that are replaced",
    processes: BOTH,
    prepare: async () => {
      await scale("worker", 2);
      await feature("warm-rollback", false);
      await settle();
    },
    act: () => set({ A: "1" }),
    dynos: ["web.1 v3 serve up", "web.2 v3 serve up", "worker.1 v3 work up", "worker.2 v3 work up"],
    formation: ["web=2:Standard-1X", "worker=2:Standard-1X"],
    serving: 2,
    killed: true,
  },
  {
    name: "workers that the code lacks now",
    processes: BOTH,
    prepare: async () => {
      await scale("worker", 2);
      await feature("warm-rollback", false);
      await settle();
    },
    act: () => push(WEB, "b"),
    dynos: ["web.1 v3 serve up", "web.2 v3 serve up"],
    formation: ["web=2:Standard-1X"],
    serving: 2,
  },
];

type Row = (typeof table)[number];

async function prepareFor({ processes, prepare }: Row) {
  await serving(processes);
  await prepare?.();
  engine.fewestServing = 2;
}

async function checkFor({ dynos, formation: wanted = [], serving: fewest }: Row) {
  expect(engine.dynos(appId)).toEqual(dynos);
  expect(engine.fewestServing).toBeGreaterThanOrEqual(fewest);
  expect(engine.overlaps).toEqual([]);
  if (wanted.length > 0) expect(await formation()).toEqual(wanted);
  const recorded = (await listDynoRecords(world.db, appId)).map(({ id }) => id);
  expect(recorded.sort()).toEqual(
    engine
      .specs(appId)
      .map(({ id }) => id)
      .sort(),
  );
}

test.each(table)("$name: ends as it should, and stays", async (row) => {
  await prepareFor(row);
  await row.act();
  await settle();
  await checkFor(row);
  const { length } = engine.started;
  await round();
  await checkFor(row);
  expect(engine.started).toHaveLength(length);
});

test.each(table.filter(({ killed }) => killed))(
  "$name: ends the same when the process is killed at any step and another goes on",
  async (row) => {
    await killAtEveryStep(async (process) => {
      await begin();
      await prepareFor(row);
      await row.act();
      await untilKilled(settle(process));
      const revive = async () => {
        await settle();
        await checkFor(row);
      };
      return { revive };
    });
  },
);

describe("successors that do not start", () => {
  test("leave the old ones serving, and the next release takes over from them", async () => {
    await serving();
    await push(WEB, "b");
    await round();
    engine.crashStarting();
    expect(await round()).toEqual({ kind: "done" });
    expect(engine.dynos(appId)).toEqual([
      "web.1 v2 serve up",
      "web.1 v3 stand-by crashed",
      "web.2 v2 serve up",
      "web.2 v3 stand-by crashed",
    ]);
    await set({ FIX: "1" });
    await settle();
    expect(engine.dynos(appId).filter((text) => text.includes("serve"))).toEqual([
      "web.1 v4 serve up",
      "web.2 v4 serve up",
    ]);
    expect(engine.fewestServing).toBe(2);
  });

  test("come up later and take over then", async () => {
    await serving();
    await push(WEB, "b");
    await round();
    engine.crashStarting();
    await round();
    for (const { id } of engine.specs(appId).filter(({ releaseVersion }) => releaseVersion === 3))
      engine.set(id, { kind: "up" });
    await round();
    expect(engine.dynos(appId).filter((text) => text.includes("serve"))).toEqual([
      "web.1 v3 serve up",
      "web.2 v3 serve up",
    ]);
  });
});

describe("warm dynos", () => {
  test("stop when their time is over, which the round waits for", async () => {
    await serving();
    await push(WEB, "b");
    await settle();
    const now = Date.now();
    around.now = () => new Date(now);
    expect(await round()).toMatchObject({ kind: "waiting", reason: "warm" });
    around.now = () => new Date(now + 601_000);
    expect(await round()).toEqual({ kind: "done" });
    engine.finishStops();
    expect(engine.dynos(appId)).toEqual(["web.1 v3 serve up", "web.2 v3 serve up"]);
  });

  test("that hold another config are not used: the image is started, without a gap", async () => {
    await serving();
    await set({ A: "1" });
    await settle();
    await push(WEB, "b");
    await settle();
    const { length } = engine.started;
    await rollBack({ appId, actor: world.actor, to: "v2" }, world);
    await settle();
    expect(engine.started.length).toBe(length + 2);
    expect(engine.fewestServing).toBe(2);
  });

  test("keep their id and take the new release's version when they serve again", async () => {
    await serving();
    const before = engine.specs(appId).map(({ id }) => id);
    await push(WEB, "b");
    await settle();
    const rolled = await rollBack({ appId, actor: world.actor, to: "v2" }, world);
    await round();
    const serve = engine.specs(appId).filter(({ duty }) => duty === "serve");
    expect(serve.map(({ id, releaseId, releaseVersion }) => [id, releaseId, releaseVersion])).toEqual(
      before.map((id) => [id, rolled.id, 4]),
    );
    expect(engine.fewestServing).toBe(2);
  });
});

describe("without memory for all successors", () => {
  test("they start one at a time, which is said in the log once", async () => {
    await serving();
    around.freeMemory = 100;
    await push(WEB, "b");
    await round();
    expect(engine.dynos(appId)).toEqual([
      "web.1 v2 serve up",
      "web.1 v3 stand-by starting",
      "web.2 v2 serve up",
    ]);
    await settle();
    expect(engine.dynos(appId)).toEqual(["web.1 v3 serve up", "web.2 v3 serve up"]);
    expect(engine.fewestServing).toBe(2);
    expect(said.map(({ source, process, message }) => [source, process, message])).toEqual([
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
    await push(WEB);
    engine.unseen();
    expect(await round()).toMatchObject({ kind: "waiting", reason: "host-away" });
    expect(await listDynoRecords(world.db, appId)).toEqual([]);
  });

  test("that is away gets its dynos when it is back, the same ones", async () => {
    await push(WEB);
    engine.away = true;
    const applied = new Map<string, string>();
    await expect(round(undefined, applied)).rejects.toThrow("the dyno host is away");
    const records = await listDynoRecords(world.db, appId);
    expect(records).toHaveLength(1);
    engine.away = false;
    await round(undefined, applied);
    expect(engine.specs(appId).map(({ id }) => id)).toEqual(records.map(({ id }) => id));
  });

  test("that lost its dynos gets them again", async () => {
    await serving();
    const applied = new Map<string, string>();
    await round(undefined, applied);
    engine.lose();
    await round(undefined, applied);
    expect(engine.dynos(appId)).toEqual(["web.1 v2 serve starting", "web.2 v2 serve starting"]);
  });

  test("that has all it should is left alone", async () => {
    await serving();
    const applied = new Map<string, string>();
    await round(undefined, applied);
    engine.away = true;
    expect(await round(undefined, applied)).toEqual({ kind: "done" });
  });

  test("loses the dynos of an app that is gone, and the process forgets it", async () => {
    await serving();
    const applied = new Map<string, string>();
    await round(undefined, applied);
    await deleteApp(world.db, appId);
    expect(await round(undefined, applied)).toEqual({ kind: "done" });
    expect(engine.dynos(appId)).toEqual(["web.1 v2 serve stopping", "web.2 v2 serve stopping"]);
    expect(applied.size).toBe(0);
    engine.finishStops();
    engine.away = true;
    expect(await round(undefined, applied)).toEqual({ kind: "done" });
  });
});

describe("a claim", () => {
  test("that another process holds is waited for", async () => {
    await push(WEB);
    around.claim = undefined;
    expect(await round()).toMatchObject({ kind: "waiting", reason: "claimed" });
  });

  test("that is older than one that acted can do no harm", async () => {
    await serving();
    around.claim = 2;
    await push(WEB, "b");
    await settle();
    const after = engine.dynos(appId);
    around.claim = 1;
    await scale("web", 1);
    await expect(round()).rejects.toMatchObject({ name: "StaleClaim" });
    expect(engine.dynos(appId)).toEqual(after);
    around.claim = 2;
    await settle();
    expect(engine.dynos(appId).filter((text) => text.includes("serve"))).toEqual(["web.1 v3 serve up"]);
  });
});

test("while a release command runs the old release serves on", async () => {
  await serving();
  await push({ ...WEB, release: "migrate" }, "b");
  await settle();
  expect(engine.dynos(appId)).toEqual(["web.1 v2 serve up", "web.2 v2 serve up"]);
});

test("a release process is no part of the formation", async () => {
  await push({ ...BOTH, release: "migrate" });
  const pending = (await world.releases(appId)).at(-1);
  expect(pending?.status).toBe("pending");
  await round();
  expect(await formation()).toEqual([]);
});

test("a type that comes back starts from its default again", async () => {
  await serving(BOTH);
  await scale("worker", 3);
  await push(WEB, "b");
  await settle();
  await push(BOTH, "c");
  await settle();
  expect(await formation()).toEqual(["web=2:Standard-1X", "worker=0:Standard-1X"]);
});

test("a worker's successor starts only when the old one has ended", async () => {
  await push(BOTH);
  await round();
  await scale("worker", 1);
  await settle();
  await set({ A: "1" });
  await round();
  expect(engine.dynos(appId)).toContain("worker.1 v2 work stopping");
  await round();
  expect(engine.started.filter(({ type }) => type === "worker")).toHaveLength(1);
  engine.finishStops();
  await round();
  expect(engine.dynos(appId)).toContain("worker.1 v3 work starting");
});
