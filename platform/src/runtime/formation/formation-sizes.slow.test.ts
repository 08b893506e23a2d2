import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestDelivery, type TestDelivery } from "../../delivery/release/delivery-fixtures.ts";
import { makeCyclingPace } from "./cycle-dynos.ts";
import { listDynoRecords } from "./dyno-record-store.ts";
import { BOTH, type FormationApp, makeFormationApp } from "./formation-app-fixtures.ts";

/** Dynos that get another size, and that are replaced once a day, on a real PostgreSQL. */

let world: TestDelivery;
let on: FormationApp;
beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  on = await makeFormationApp(world);
  await on.serving(BOTH);
});

const specs = () => on.engine.specs(on.appId).filter(({ duty }) => duty !== "warm");
const records = () => listDynoRecords(world.db, on.appId);

describe("another size", () => {
  test("of web dynos replaces them without a gap, and holds", async () => {
    await on.scale("web", 2, "standard-2x");
    await on.settle();
    expect(on.engine.fewestServing).toBe(2);
    expect(specs().map(({ name, size, limits }) => [name, size, limits])).toEqual(
      ["web.1", "web.2"].map((name) => [
        name,
        "Standard-2X",
        { memoryBytes: 2 ** 30, cpuShare: 2, pids: 256 },
      ]),
    );
  });

  test.each(["Basic", "Eco"])("of the same shape counts as another: %s", async (size) => {
    await on.scale("web", 1, size);
    await on.settle();
    expect(specs().map((spec) => [spec.size, spec.sleeps])).toEqual([
      [size, size === "Eco" ? true : undefined],
    ]);
    expect((await records()).filter(({ duty }) => duty === "serve").map((dyno) => dyno.size)).toEqual([size]);
  });

  test("of a worker stops it first, and leaves the web dynos alone", async () => {
    await on.scale("worker", 1);
    await on.settle();
    const web = specs().filter(({ type }) => type === "web");
    await on.scale("worker", 1, "performance-m");
    await on.settle();
    expect(on.engine.overlaps).toEqual([]);
    expect(specs().filter(({ type }) => type === "web")).toEqual(web);
    expect(specs().find(({ type }) => type === "worker")?.limits.memoryBytes).toBe(2.5 * 2 ** 30);
  });

  test("that is the one they have changes nothing", async () => {
    const before = specs();
    await on.scale("web", 2, "standard-1x");
    await on.settle();
    expect(specs()).toEqual(before);
  });
});

describe("cycling", () => {
  const HOUR = 3_600_000;
  const born = Date.now();
  const at = (hours: number) => {
    on.around.now = () => new Date(born + hours * HOUR);
  };
  const cycled = () => on.said.filter(({ message }) => message === "Cycling").map(({ process }) => process);
  const ids = () => specs().map(({ id }) => id);

  test("is off unless it is asked for", async () => {
    const before = ids();
    at(100);
    await on.settle();
    expect([ids(), cycled()]).toEqual([before, []]);
  });

  test("replaces one dyno after the other without a gap, and says so", async () => {
    on.around.cycling = () => undefined;
    const before = ids();
    at(23);
    await on.settle();
    expect([ids(), cycled()]).toEqual([before, []]);
    at(29);
    on.engine.fewestServing = 2;
    await on.round();
    expect(cycled()).toHaveLength(1);
    await on.round();
    expect(cycled()).toHaveLength(1);
    await on.settle();
    expect(cycled().toSorted()).toEqual(["web.1", "web.2"]);
    expect(on.engine.fewestServing).toBe(2);
    expect(ids().filter((id) => before.includes(id))).toEqual([]);
    await on.settle();
    expect(cycled()).toHaveLength(2);
  });

  test("stops a worker first", async () => {
    on.around.cycling = () => undefined;
    await on.scale("worker", 1);
    await on.settle();
    at(29);
    await on.settle();
    expect(cycled().toSorted()).toEqual(["web.1", "web.2", "worker.1"]);
    expect(on.engine.overlaps).toEqual([]);
  });

  test("goes by what is recorded: a restart of a dyno begins its time anew, one of this process does not", async () => {
    on.around.cycling = () => undefined;
    at(20);
    await on.set({ NEW: "release" });
    await on.settle();
    const before = ids();
    at(30);
    await on.settle();
    expect(ids()).toEqual(before);
    at(49);
    await on.settle();
    expect(ids().filter((id) => before.includes(id))).toEqual([]);
  });

  test("keeps to the pace, and looks again", async () => {
    on.around.cycling = makeCyclingPace();
    at(29);
    await on.settle();
    expect(cycled()).toHaveLength(1);
    expect(await on.round()).toMatchObject({ kind: "waiting", againInMs: expect.any(Number) });
    at(29.01);
    await on.settle();
    expect(cycled()).toHaveLength(2);
  });

  test("leaves out an app that does not want it, and dynos that sleep", async () => {
    on.around.cycling = () => undefined;
    await on.feature("fir-bypass-daily-dyno-restarts", true);
    at(29);
    await on.settle();
    expect(cycled()).toEqual([]);
    await on.feature("fir-bypass-daily-dyno-restarts", false);
    for (const id of ids()) on.engine.set(id, { kind: "idle" });
    await on.settle();
    expect(cycled()).toEqual([]);
  });
});
