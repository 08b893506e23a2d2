import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DynoMachine, DynoPhase } from "./dyno-machine.ts";
import { MIB, machineOf } from "./machine-fixtures.ts";
import { holdsRoom, promisedBytes, refuseRoom, surplusWarm } from "./machine-room.ts";

const UP: DynoPhase = { kind: "up", at: 0 };
const NO_ROOM: DynoPhase = { kind: "crashed", reason: "room", restartAt: 1 };

describe("memory is set aside for a dyno", () => {
  test.each<[string, DynoPhase, boolean]>([
    ["that waits for its client", { kind: "awaiting", until: 1 }, true],
    ["that starts", { kind: "starting" }, true],
    ["that is up", UP, true],
    ["that stops and is not gone", { kind: "stopping", goal: "end", told: "R12" }, true],
    ["that will be asleep and is not yet", { kind: "stopping", goal: "sleep", told: "R12" }, true],
    ["that has crashed and starts again", { kind: "crashed", reason: "exit", restartAt: 9 }, true],
    ["that has crashed for good", { kind: "crashed", reason: "platform" }, false],
    ["that waits for room", NO_ROOM, false],
    ["that sleeps", { kind: "asleep" }, false],
    ["that has ended", { kind: "ended", exitCode: 0 }, false],
  ])("%s", (_what, phase, holds) => {
    expect(holdsRoom(machineOf(phase))).toBe(holds);
    expect(promisedBytes([machineOf(phase)])).toBe(holds ? 512 * MIB : 0);
  });

  test("but not for a warm one, which is given up", () => {
    expect(promisedBytes([machineOf(UP, { duty: "warm" }), machineOf(UP, { mib: 100 })])).toBe(100 * MIB);
  });
});

describe("a dyno that would start", () => {
  const running = [machineOf(UP, { id: "x", name: "web.1", mib: 600 })];
  const wanted = (mib: number, change: Parameters<typeof machineOf>[1] = {}) =>
    machineOf({ kind: "starting" }, { id: "new", name: "web.2", mib, ...change });

  test.each([
    [400, undefined],
    [401, "it asks for 401 MB, and 400 MB of 1000 MB are left."],
    [4_000, "it asks for 4000 MB, and 400 MB of 1000 MB are left."],
  ])("of %d MB beside 600 of 1000: %s", (mib, why) => {
    const refusal = refuseRoom(wanted(mib), running, 1_000 * MIB);
    if (why === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toContain(why);
  });

  test("is told what it asks for, what there is, and what to do", () => {
    expect(refuseRoom(wanted(512, { size: "Standard-1X" }), running, 1_000 * MIB)).toBe(
      "There is no room for web.2 on this machine: it asks for 512 MB (Standard-1X), and 400 MB of 1000 MB are left. " +
        "Scale other dynos down, choose a smaller size, or have the operator raise CONIFER_MEMORY_FACTOR.",
    );
  });

  test("is not counted against itself", () => {
    const self = wanted(1_000);
    expect(refuseRoom(self, [self], 1_000 * MIB)).toBeUndefined();
  });

  test.each([
    ["of the same size stands beside it", 600, {}, true],
    ["of a larger size fits with what is left", 1_000, {}, true],
    ["of a still larger size does not", 1_001, {}, false],
    ["of another dyno has to fit by itself", 600, { name: "web.2" }, false],
    ["of another app has to fit by itself", 600, { appId: "a2" }, false],
  ])("the successor of a web dyno %s", (_what, mib, change, fits) => {
    const successor = wanted(mib, { name: "web.1", duty: "stand-by", ...change });
    expect(refuseRoom(successor, running, 1_000 * MIB) === undefined).toBe(fits);
  });
});

describe("warm dynos", () => {
  const warm = (id: string, since: number) => machineOf(UP, { id, duty: "warm", mib: 100 }, { since });

  test.each([
    [900, 1_200, []],
    [900, 1_199, ["old"]],
    [900, 1_050, ["old", "mid"]],
    [900, 500, ["old", "mid", "new"]],
  ])("beside %d MB of %d: %j are given up", (mib, capacity, given) => {
    const machines = [warm("new", 3), warm("old", 1), machineOf(UP, { id: "x", mib }), warm("mid", 2)];
    expect(surplusWarm(machines, capacity * MIB)).toEqual(given);
  });

  test("that are on their way out are not given up twice", () => {
    const leaving = machineOf({ kind: "stopping", goal: "end", told: "R12" }, { duty: "warm" });
    expect(surplusWarm([leaving], 0)).toEqual([]);
  });
});

/** Admission one by one never promises more than there is, whatever comes and goes. */
test("what is promised never exceeds the capacity", () => {
  const step = fc.record({
    id: fc.integer({ min: 0, max: 9 }),
    mib: fc.integer({ min: 1, max: 600 }),
    ends: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 2_000 }), (steps, capacity) => {
      const there = new Map<number, DynoMachine>();
      for (const { id, mib, ends } of steps) {
        if (ends) there.delete(id);
        else if (!there.has(id)) {
          const wanted = machineOf({ kind: "starting" }, { id: `d${id}`, name: `web.${id}`, mib });
          const refused = refuseRoom(wanted, [...there.values()], capacity * MIB) !== undefined;
          expect(refused).toBe(promisedBytes(there.values()) + mib * MIB > capacity * MIB);
          if (!refused) there.set(id, wanted);
        }
        expect(promisedBytes(there.values())).toBeLessThanOrEqual(capacity * MIB);
      }
    }),
  );
});
