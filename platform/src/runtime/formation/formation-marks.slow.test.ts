import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { updateApp } from "../../apps/app/index.ts";
import { startTestDelivery, type TestDelivery } from "../../delivery/release/delivery-fixtures.ts";
import { restartDynos } from "./change-formation.ts";
import { type FormationApp, makeFormationApp, WEB } from "./formation-app-fixtures.ts";
import { listFormationMarks } from "./formation-marks.ts";

let world: TestDelivery;
let on: FormationApp;
beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  on = await makeFormationApp(world);
});

const marks = (watch = on.engine.view()) => listFormationMarks({ db: world.db, watch });
const mark = async () => (await marks()).get(on.appId);

test("an app without code and dynos has none", async () => {
  expect(await mark()).toBeUndefined();
});

test("a mark stays while nothing changes, also when somebody looks", async () => {
  await on.serving();
  const before = await mark();
  expect(before).toBeDefined();
  await on.round();
  expect(await mark()).toEqual(before);
});

test.each<readonly [string, () => Promise<unknown>]>([
  ["new code", () => on.push(WEB, "b")],
  ["a config var", () => on.set({ GREETING: "hello" })],
  ["a scale", () => on.scale("web", 3)],
  ["a size", () => on.scale("web", 2, "Standard-2X")],
  ["a switch", () => on.feature("preboot", false)],
  [
    "a name",
    () => world.db.transaction().execute((trx) => updateApp(trx, on.appId, { name: "renamed" }, new Date())),
  ],
  ["a restart", () => restartDynos({ appId: on.appId, actor: on.actor }, world)],
])("%s changes it", async (_what, change) => {
  await on.serving();
  const before = await mark();
  await change();
  expect(await mark()).not.toEqual(before);
});

test.each(["dynos", "formation", "app_features"])(
  "a change of %s changes it, also where a clock that was set back tells an earlier time than before",
  async (table) => {
    await on.serving();
    for (const name of ["preboot", "warm-rollback"]) await on.feature(name, true);
    const before = await mark();
    const first = sql`select ctid from ${sql.table(table)} where app_id = ${on.appId} order by updated_at limit 1`;
    await sql`update ${sql.table(table)} set updated_at = updated_at - interval '5 minutes' where ctid in (${first})`.execute(
      world.db,
    );
    expect(await mark()).not.toEqual(before);
  },
);

test("what is told of dynos is as the engine is told to have them", async () => {
  await on.serving();
  let handed = "";
  await on.round(undefined, undefined, (dynos) => {
    handed = dynos;
  });
  expect((await mark())?.dynos).toBe(handed);
  await on.push({}, "b");
  await on.settle();
  await on.round(undefined, undefined, (dynos) => {
    handed = dynos;
  });
  expect((await mark())?.dynos).toBe(handed);
});

test("an engine that has come back changes it", async () => {
  await on.serving();
  const before = await mark();
  const watch = { appIds: () => [], session: () => on.engine.view().session() + 1 };
  expect((await listFormationMarks({ db: world.db, watch })).get(on.appId)).not.toEqual(before);
});

test("an app that is gone and still has dynos has another mark each time", async () => {
  const watch = { appIds: () => ["00000000-0000-4000-8000-000000000000"], session: () => 1 };
  const look = async () => [...(await listFormationMarks({ db: world.db, watch })).entries()].at(-1);
  const [first, second] = [await look(), await look()];
  expect(first?.[0]).toBe(watch.appIds()[0]);
  expect(second?.[1]).not.toEqual(first?.[1]);
});
