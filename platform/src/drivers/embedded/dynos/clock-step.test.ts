import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import { shiftDue, watchClock } from "./clock-step.ts";
import { type DynoPhase, nextLook } from "./dyno-machine.ts";
import { makeDynoRoster } from "./dyno-roster.ts";
import { machineOf } from "./machine-fixtures.ts";

const FIVE_MINUTES = 300_000;

describe("what is due", () => {
  test.each<[string, DynoPhase]>([
    ["a client's time to come", { kind: "awaiting", until: 70_000 }],
    ["a look whether it can be frozen", { kind: "up", at: 10_000, freezeAt: 70_000 }],
    ["a restart", { kind: "crashed", reason: "exit", restartAt: 70_000 }],
    ["SIGTERM", { kind: "stopping", goal: "end", termAt: 70_000, killAt: 90_000, told: "nothing" }],
    ["SIGKILL", { kind: "stopping", goal: "end", killAt: 70_000, told: "nothing" }],
  ])("%s is as far away after the clock was set", (_what, phase) => {
    fc.assert(
      fc.property(fc.integer({ min: -FIVE_MINUTES, max: FIVE_MINUTES }), (by) => {
        expect(nextLook(shiftDue(machineOf(phase), by))).toBe(70_000 + by);
      }),
    );
  });

  test.each<[string, DynoPhase]>([
    ["starts", { kind: "starting" }],
    ["is up", { kind: "up", at: 10_000 }],
    ["sleeps", { kind: "asleep" }],
    ["is a warm one that crashed", { kind: "crashed", reason: "exit" }],
  ])("there is still nothing of a dyno that %s", (_what, phase) => {
    expect(nextLook(shiftDue(machineOf(phase), FIVE_MINUTES))).toBeUndefined();
  });

  test("a one-off dyno's end moves, how long it was up and since when stay", () => {
    const machine = { ...machineOf({ kind: "up", at: 10_000 }), endAt: 50_000, since: 10_000 };
    expect(shiftDue(machine, FIVE_MINUTES)).toEqual({
      ...machine,
      endAt: 50_000 + FIVE_MINUTES,
      phase: { kind: "up", at: 10_000 + FIVE_MINUTES },
    });
  });
});

describe("a clock", () => {
  test("that goes on, or is disciplined, was not set", () => {
    let [time, passed] = [1_000_000, 0];
    const step = watchClock(
      () => new Date(time),
      () => passed,
    );
    for (const [forTime, forPassed] of [
      [60_000, 60_000],
      [60_400, 60_000],
      [59_700, 60_000],
    ] as const) {
      time += forTime;
      passed += forPassed;
      expect(step()).toBe(0);
    }
  });

  test.each([FIVE_MINUTES, -FIVE_MINUTES])("that was set by %i tells so once", (by) => {
    let [time, passed] = [1_000_000, 0];
    const step = watchClock(
      () => new Date(time),
      () => passed,
    );
    passed += 5_000;
    time += 5_000 + by;
    expect([step(), step()]).toEqual([by, 0]);
  });
});

describe("a dyno that is told to end", () => {
  const TERM_WAIT = 30_000;

  /** How long it lives from its dismissal, in time that passes, when the clock is set a second after. */
  function lifeWith(by: number): number {
    let [time, passed] = [1_000_000, 0];
    let due: { at: number; work: () => void } | undefined;
    let killed: number | undefined;
    const roster = makeDynoRoster({
      ...{ logger: silentLogger, logs: { write: () => {} }, random: () => 0, directory: "/nowhere" },
      now: () => new Date(time),
      passed: () => passed,
      after: (ms, work) => {
        due = { at: passed + ms, work };
        return () => {
          due = undefined;
        };
      },
      begin: () => ({
        ...{ signal: () => {}, thaw: () => {}, gone: Promise.resolve(), freeze: async () => undefined },
        kill: () => {
          killed = passed;
        },
        enter: () => Promise.reject(new Error("nobody enters")),
      }),
    });
    const { spec } = machineOf({ kind: "starting" }, { id: "d1", type: "worker", duty: "work" });
    roster.add(spec);
    roster.send("d1", { kind: "started" });
    roster.send("d1", { kind: "dismissed" });
    const pass = (ms: number) => {
      time += ms;
      passed += ms;
      if (due && due.at <= passed) due.work();
    };
    pass(1_000);
    time += by;
    // Somebody asks for it once more.
    roster.send("d1", { kind: "dismissed" });
    while (killed === undefined && passed < 2 * FIVE_MINUTES) pass(1_000);
    return killed ?? Number.POSITIVE_INFINITY;
  }

  test.each([0, FIVE_MINUTES, -FIVE_MINUTES])("has its thirty seconds when the clock is set by %i", (by) => {
    expect(Math.abs(lifeWith(by) - TERM_WAIT)).toBeLessThanOrEqual(2_000);
  });
});
