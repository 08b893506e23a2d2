import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestDelivery, type TestDelivery } from "../../delivery/release/delivery-fixtures.ts";
import { rollBack } from "../../delivery/release/index.ts";
import { killAtEveryStep, untilKilled } from "../../drivers/postgres/store/crash-fixtures.ts";
import { restartDynos, stopDynos } from "./change-formation.ts";
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

describe("the first code", () => {
  test("starts one web dyno and none of the others", async () => {
    await on.push({ ...BOTH, clock: "tick" });
    expect(await on.round()).toEqual({ kind: "done" });
    expect(await on.formation()).toEqual([
      "clock=0:Standard-1X",
      "web=1:Standard-1X",
      "worker=0:Standard-1X",
    ]);
    expect(on.engine.dynos(on.appId)).toEqual(["web.1 v2 serve starting"]);
    expect(await world.eventsOf(on.appId)).toContainEqual(
      expect.objectContaining({
        kind: "formation.changed",
        data: { scaled: [{ type: "web", quantity: 1, size: "Standard-1X" }] },
      }),
    );
  });

  test("is what a dyno is made of, with its config and metadata", async () => {
    await on.set({ GREETING: "hello", HEROKU_APP_NAME: "mine" });
    const release = await on.push(WEB);
    await on.round();
    const [spec] = on.engine.specs(on.appId);
    const app = await world.current(on.appId);
    expect(spec).toMatchObject({
      name: "web.1",
      type: "web",
      appId: on.appId,
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
      HEROKU_APP_ID: on.appId,
      HEROKU_DYNO_ID: spec?.id,
      HEROKU_RELEASE_VERSION: "v3",
      HEROKU_SLUG_COMMIT: "0".repeat(40),
    });
    expect(app?.version).toBe(3);
  });

  test("before it there is nothing to run", async () => {
    expect(await on.round()).toEqual({ kind: "done" });
    expect([on.engine.dynos(on.appId), await on.formation()]).toEqual([[], []]);
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
    act: () => on.push(WEB, "b"),
    dynos: ["web.1 v2 warm up", "web.1 v3 serve up", "web.2 v2 warm up", "web.2 v3 serve up"],
    serving: 2,
    killed: true,
  },
  {
    name: "the same code again",
    act: () => on.push(WEB, "a"),
    dynos: ["web.1 v2 warm up", "web.1 v3 serve up", "web.2 v2 warm up", "web.2 v3 serve up"],
    serving: 2,
  },
  {
    name: "new config",
    act: () => on.set({ A: "1" }),
    dynos: ["web.1 v2 warm up", "web.1 v3 serve up", "web.2 v2 warm up", "web.2 v3 serve up"],
    serving: 2,
  },
  {
    name: "a rollback to what is warm",
    prepare: async () => {
      await on.push(WEB, "b");
      await on.settle();
    },
    act: () => rollBack({ appId: on.appId, actor: world.actor, to: "v2" }, world),
    dynos: ["web.1 v3 warm up", "web.1 v4 serve up", "web.2 v3 warm up", "web.2 v4 serve up"],
    serving: 2,
    killed: true,
  },
  {
    name: "new code without keeping anything warm",
    prepare: () => on.feature("warm-rollback", false),
    act: () => on.push(WEB, "b"),
    dynos: ["web.1 v3 serve up", "web.2 v3 serve up"],
    serving: 2,
  },
  {
    name: "new code without preboot",
    prepare: () => on.feature("preboot", false),
    act: () => on.push(WEB, "b"),
    dynos: ["web.1 v3 serve up", "web.2 v3 serve up"],
    serving: 0,
  },
  {
    name: "more dynos",
    act: () => on.scale("web", "+1"),
    dynos: ["web.1 v2 serve up", "web.2 v2 serve up", "web.3 v2 serve up"],
    serving: 2,
  },
  {
    name: "fewer dynos",
    act: () => on.scale("web", 1),
    dynos: ["web.1 v2 serve up"],
    serving: 1,
    killed: true,
  },
  {
    name: "no dynos",
    act: () => on.scale("web", 0),
    dynos: [],
    serving: 0,
  },
  {
    name: "larger dynos",
    prepare: () => on.feature("warm-rollback", false),
    act: () => on.scale("web", 2, "standard-2x"),
    dynos: ["web.1 v2 serve up", "web.2 v2 serve up"],
    formation: ["web=2:Standard-2X"],
    serving: 2,
  },
  {
    name: "a restart of all",
    act: () => restartDynos({ appId: on.appId, actor: world.actor }, world),
    dynos: ["web.1 v2 serve up", "web.2 v2 serve up"],
    serving: 2,
  },
  {
    name: "a stop of the type",
    act: () => stopDynos({ appId: on.appId, actor: world.actor, type: "web" }, world),
    dynos: ["web.1 v2 serve up", "web.2 v2 serve up"],
    serving: 0,
  },
  {
    name: "workers that are new",
    act: async () => {
      await on.push(BOTH, "b");
      await on.settle();
      await on.scale("worker", 1);
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
      await on.scale("worker", 2);
      await on.feature("warm-rollback", false);
      await on.settle();
    },
    act: () => on.set({ A: "1" }),
    dynos: ["web.1 v3 serve up", "web.2 v3 serve up", "worker.1 v3 work up", "worker.2 v3 work up"],
    formation: ["web=2:Standard-1X", "worker=2:Standard-1X"],
    serving: 2,
    killed: true,
  },
  {
    name: "workers that the code lacks now",
    processes: BOTH,
    prepare: async () => {
      await on.scale("worker", 2);
      await on.feature("warm-rollback", false);
      await on.settle();
    },
    act: () => on.push(WEB, "b"),
    dynos: ["web.1 v3 serve up", "web.2 v3 serve up"],
    formation: ["web=2:Standard-1X"],
    serving: 2,
  },
];

type Row = (typeof table)[number];

async function prepareFor({ processes, prepare }: Row) {
  await on.serving(processes);
  await prepare?.();
  on.engine.fewestServing = 2;
}

async function checkFor({ dynos, formation: wanted = [], serving: fewest }: Row) {
  expect(on.engine.dynos(on.appId)).toEqual(dynos);
  expect(on.engine.fewestServing).toBeGreaterThanOrEqual(fewest);
  expect(on.engine.overlaps).toEqual([]);
  if (wanted.length > 0) expect(await on.formation()).toEqual(wanted);
  const recorded = (await listDynoRecords(world.db, on.appId)).map(({ id }) => id);
  expect(recorded.sort()).toEqual(
    on.engine
      .specs(on.appId)
      .map(({ id }) => id)
      .sort(),
  );
}

test.each(table)("$name: ends as it should, and stays", async (row) => {
  await prepareFor(row);
  await row.act();
  await on.settle();
  await checkFor(row);
  const { length } = on.engine.started;
  await on.round();
  await checkFor(row);
  expect(on.engine.started).toHaveLength(length);
});

test.each(table.filter(({ killed }) => killed))(
  "$name: ends the same when the process is killed at any step and another goes on",
  async (row) => {
    await killAtEveryStep(async (process) => {
      on = await makeFormationApp(world);
      await prepareFor(row);
      await row.act();
      await untilKilled(on.settle(process));
      const revive = async () => {
        await on.settle();
        await checkFor(row);
      };
      return { revive };
    });
  },
  300_000,
);
