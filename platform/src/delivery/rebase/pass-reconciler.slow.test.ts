import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deleteApp } from "../../apps/app/app-store.ts";
import { killAtEveryStep, untilKilled } from "../../drivers/postgres/store/crash-fixtures.ts";
import { changePass } from "./change-pass.ts";
import { storeAppImage } from "./rebase-fixtures.ts";
import {
  deleteOldPasses,
  findOpenPass,
  findPass,
  listPassImages,
  listRunningPasses,
} from "./rebase-store.ts";
import { failsOn, type RebaseWorld, startRebaseWorld } from "./rebase-world-fixtures.ts";
import { showPass, showStanding, showTurns } from "./show-rebase.ts";

let world: RebaseWorld;

beforeAll(async () => {
  world = await startRebaseWorld();
});
afterAll(() => world.stop());
beforeEach(async () => {
  if (await findOpenPass(world.db)) await changePass("stop", world.deps);
  const { rows } = await world.database.query("select id from apps");
  for (const { id } of rows as { id: string }[]) await deleteApp(world.db, id);
  world.sights.clear();
});

async function apps(count: number) {
  const made: { id: string; name: string }[] = [];
  for (let at = 0; at < count; at++) made.push(await world.standingApp(`app ${at} ${Math.random()}`));
  return made;
}

/** Until nothing is under way, as time passes. */
async function toItsEnd(passId: string) {
  for (let before = ""; ; ) {
    await world.settle(passId);
    const now = JSON.stringify(await world.turns(passId));
    if (now === before) return await findPass(world.db, passId);
    before = now;
    world.pass(61);
  }
}

describe("a pass", () => {
  test("gives every app its turn, wave after wave, and is done", async () => {
    const made = await apps(6);
    const pass = await world.start({ waves: "1,50%" });
    expect(pass).toMatchObject({ status: "running", wave: 0, waves: 3, atOnce: 20 });
    expect(await world.look(pass.id)).toHaveLength(1);
    expect(await world.look(pass.id)).toEqual([]);
    expect(await toItsEnd(pass.id)).toMatchObject({ status: "done", wave: 2, message: null });
    expect(Object.values(await world.turns(pass.id))).toEqual(new Array(6).fill("done: v3"));
    for (const { id } of made) expect((await world.releases(id)).length).toBe(3);
    expect(await showPass(world.db)).toMatchObject({
      ...{ status: "done", apps: { done: 6, waiting: 0 } },
      waves: [{ done: 1 }, { done: 2 }, { done: 3 }],
    });
    expect(await showTurns(world.db, { state: "done", most: 2 })).toHaveLength(2);
    expect((await showStanding(world.deps)).bases).toMatchObject([{ apps: 6, state: "newest" }]);
  });

  test("begins with apps that have dynos", async () => {
    const [, second] = await apps(3);
    world.sights.set(second?.id ?? "", () => ({ wanted: 0, dynos: [] }));
    const pass = await world.start({ waves: "1" });
    expect(await world.look(pass.id)).toEqual([second?.id]);
  });

  test("has no more under way than it may", async () => {
    await apps(5);
    const pass = await world.start({ waves: "100%", atOnce: 2 });
    expect(await world.look(pass.id)).toHaveLength(2);
    expect(await world.look(pass.id)).toHaveLength(0);
    expect(await toItsEnd(pass.id)).toMatchObject({ status: "done" });
  });

  test("halts when more fail than may, says which and why, and leaves the others alone", async () => {
    const made = await apps(4);
    for (const { id } of made) world.sights.set(id, failsOn(/^Rebase/));
    const pass = await world.start({ waves: "2,100%", maxFailures: "1" });
    const halted = await toItsEnd(pass.id);
    expect(halted).toMatchObject({ status: "halted", wave: 0, finishedAt: null });
    expect(halted?.message).toContain("Stopped in wave 1 of 2: 2 apps failed on example/run:1");
    expect(halted?.message).toContain("web.1 ended with status 1 (H10) (v3)");
    expect(halted?.message).toContain("rebase resume");
    const states = Object.values(await world.turns(pass.id)).map((turn) => turn.split(":")[0]);
    expect(states.toSorted()).toEqual(["failed", "failed", "waiting", "waiting"]);
    expect(await listRunningPasses(world.db)).toEqual([]);

    await changePass("resume", world.deps);
    for (const { id } of made) world.sights.delete(id);
    expect(await toItsEnd(pass.id)).toMatchObject({ status: "done", forgiven: 2, message: null });
    const after = Object.values(await world.turns(pass.id)).map((turn) => turn.split(":")[0]);
    expect(after.toSorted()).toEqual(["done", "done", "failed", "failed"]);
  });

  test("that is paused looks after what has its release, and goes on when it is told to", async () => {
    await apps(3);
    const pass = await world.start({ waves: "2,100%" });
    const [first = ""] = await world.look(pass.id);
    await world.round(first);
    expect(await changePass("pause", world.deps)).toMatchObject({ status: "paused" });
    await expect(changePass("pause", world.deps)).resolves.toMatchObject({ status: "paused" });
    await toItsEnd(pass.id);
    const states = () =>
      world.turns(pass.id).then((turns) =>
        Object.values(turns)
          .map((turn) => turn.split(":")[0])
          .toSorted(),
      );
    expect(await states()).toEqual(["done", "waiting", "waiting"]);
    await changePass("resume", world.deps);
    await toItsEnd(pass.id);
    expect(await states()).toEqual(["done", "done", "done"]);
  });

  test("that is stopped ends; another takes up what is left", async () => {
    await apps(3);
    const pass = await world.start({ waves: "1,100%" });
    const [first = ""] = await world.look(pass.id);
    await world.round(first);
    expect(await changePass("stop", world.deps)).toMatchObject({ status: "stopped" });
    await expect(changePass("resume", world.deps)).rejects.toThrow("No pass is under way");
    const next = await world.start();
    expect(Object.keys(await world.turns(next.id))).toHaveLength(2);
    expect(await toItsEnd(next.id)).toMatchObject({ status: "done" });
    expect(await showPass(world.db)).toMatchObject({ id: next.id });
    // The app that was watched when its pass was stopped was looked after to its end.
    expect(Object.values(await world.turns(pass.id))).toContain("done: v3");
  });

  test("whose apps are all gone is done", async () => {
    const [only] = await apps(1);
    const pass = await world.start();
    await deleteApp(world.db, only?.id ?? "");
    expect(await toItsEnd(pass.id)).toMatchObject({ status: "done" });
  });

  test("killed at any step, goes on", async () => {
    const killed = await killAtEveryStep(async (process) => {
      const [app] = await apps(1);
      world.sights.set(app?.id ?? "", () => ({ wanted: 0, dynos: [] }));
      const pass = await world.start();
      const looks = async () => {
        await world.look(pass.id, process);
        await world.round(app?.id ?? "");
        await world.look(pass.id, process);
      };
      await untilKilled(looks());
      const revive = async () => {
        await world.settle(pass.id);
        expect(await findPass(world.db, pass.id)).toMatchObject({ status: "done" });
        expect(await world.releases(app?.id ?? "")).toHaveLength(3);
        await deleteApp(world.db, app?.id ?? "");
      };
      return { revive };
    });
    expect(killed).toBeGreaterThan(5);
  });

  test("looked at by two at once begins each app once", async () => {
    await apps(4);
    const pass = await world.start({ waves: "100%", atOnce: 3 });
    const begun = await Promise.all([world.look(pass.id), world.look(pass.id), world.look(pass.id)]);
    expect(begun.flat().toSorted()).toEqual([...new Set(begun.flat())].toSorted());
    expect(begun.flat()).toHaveLength(3);
  });
});

describe("starting", () => {
  test("is refused while a pass has not ended, also when two come at once", async () => {
    await apps(1);
    const both = await Promise.allSettled([world.start(), world.start()]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    await expect(world.start()).rejects.toThrow("A pass is under way");
  });

  test("is refused when no app is behind", async () => {
    await expect(world.start()).rejects.toThrow("there is nothing to rebase");
    const app = await world.newApp();
    await world.deploy(app.id, await storeAppImage(world.images, world.patched, { content: "new" }));
    await expect(world.start()).rejects.toThrow("there is nothing to rebase");
  });

  test.each([
    [{ waves: "none" }, "is no wave"],
    [{ maxFailures: "few" }, "may fail"],
    [{ atOnce: 0 }, "--at-once"],
    [{ settleSeconds: 10_000 }, "--watch-seconds"],
  ])("with %j is refused", async (wanted, why) => {
    await apps(1);
    await expect(world.start(wanted)).rejects.toThrow(why);
  });
});

test("what a pass needs is kept while it has not ended, and old ones are forgotten", async () => {
  await apps(1);
  const pass = await world.start();
  expect(await listPassImages(world.db)).toEqual([world.patched.digest]);
  await deleteOldPasses(world.db, new Date(Date.now() + 1e9));
  expect(await findPass(world.db, pass.id)).toBeDefined();
  await changePass("stop", world.deps);
  expect(await listPassImages(world.db)).toEqual([]);
  await deleteOldPasses(world.db, new Date(Date.now() + 1e11));
  expect(await findPass(world.db, pass.id)).toBeUndefined();
});
