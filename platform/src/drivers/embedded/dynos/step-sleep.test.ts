import { describe, expect, test } from "vitest";
import { type DynoEvent, type DynoMachine, type DynoPhase, nextLook, stateOf } from "./dyno-machine.ts";
import { ROOM_LOOK_MS } from "./leave-dyno.ts";
import { machineOf } from "./machine-fixtures.ts";
import { stepDyno } from "./step-dyno.ts";

const NOW = Date.parse("2026-01-02T03:04:05.678Z");
const AT = { now: NOW, random: 0.5 };
const FULL = { ...AT, noRoomFor: () => "There is no room." };
const UP: DynoPhase = { kind: "up", at: NOW - 1_000, address: { host: "127.0.0.1", port: 5000 } };
const START = ["Starting process with command `node server.js`", "(start)"];

function after(machine: DynoMachine, event: DynoEvent, context: Parameters<typeof stepDyno>[2] = AT) {
  const step = stepDyno(machine, event, context);
  const done = step.effects.map((effect) => {
    if (effect.do === "log") return effect.message;
    return effect.do === "signal" ? `(${effect.name})` : `(${effect.do})`;
  });
  const { machine: next } = step;
  return { machine: next, phase: next.phase, state: stateOf(next).kind, done };
}

describe("a dyno that nobody visits", () => {
  test("leaves the router's table, is asked to end, sleeps, and wakes", () => {
    const idling = after(machineOf(UP), { kind: "sleep" });
    expect([idling.state, ...idling.done]).toEqual(["idle", "Idling", "State changed from up to down"]);
    const asked = after(idling.machine, { kind: "tick" }, { ...AT, now: NOW + 200 });
    expect(asked.done).toEqual(["Stopping all processes with SIGTERM", "(SIGTERM)"]);
    const asleep = after(asked.machine, { kind: "exited", code: 143 });
    expect([asleep.phase, asleep.state, ...asleep.done]).toEqual([
      { kind: "asleep" },
      "idle",
      "Process exited with status 143",
    ]);
    expect(nextLook(asleep.machine)).toBeUndefined();
    const awake = after(asleep.machine, { kind: "wake" });
    expect([awake.state, ...awake.done]).toEqual([
      "starting",
      "Unidling",
      "State changed from down to starting",
      ...START,
    ]);
  });

  test("and does not end by itself is killed, and sleeps", () => {
    const idling = after(machineOf(UP, { duty: "work", type: "worker" }), { kind: "sleep" });
    expect(idling.done.at(-1)).toBe("(SIGTERM)");
    const killed = after(idling.machine, { kind: "tick" }, { ...AT, now: NOW + 30_000 });
    expect(killed.done).toContain("(kill)");
    expect(after(killed.machine, { kind: "exited", code: 137 }).phase).toEqual({ kind: "asleep" });
  });

  test("that is visited while it ends starts as soon as it has", () => {
    const idling = after(machineOf(UP), { kind: "sleep" });
    const woken = after(idling.machine, { kind: "wake" });
    expect([woken.state, ...woken.done]).toEqual([
      "starting",
      "Unidling",
      "State changed from down to starting",
    ]);
    expect(after(woken.machine, { kind: "wake" }).done).toEqual([]);
    const begun = after(woken.machine, { kind: "exited", code: 143 });
    expect(begun.phase).toEqual({ kind: "starting" });
    expect(begun.done.slice(1)).toEqual(START);
  });

  test.each<[string, DynoPhase]>([
    ["that starts", { kind: "starting" }],
    ["that has crashed", { kind: "crashed", reason: "exit", restartAt: NOW + 9 }],
    ["that stops", { kind: "stopping", goal: "end", killAt: NOW + 9, told: "R12" }],
    ["that sleeps", { kind: "asleep" }],
  ])("%s goes on with that", (_what, phase) => {
    expect(after(machineOf(phase), { kind: "sleep" })).toMatchObject({ phase, done: [] });
  });

  test.each<[DynoPhase["kind"], DynoPhase]>([
    ["up", UP],
    ["starting", { kind: "starting" }],
    ["crashed", { kind: "crashed", reason: "exit", restartAt: NOW + 9 }],
  ])("and that is %s is not woken", (_kind, phase) => {
    expect(after(machineOf(phase), { kind: "wake" })).toMatchObject({ phase, done: [] });
  });
});

describe("a dyno that sleeps", () => {
  const asleep = machineOf({ kind: "asleep" });

  test.each<[string, DynoEvent, string, readonly string[]]>([
    ["is wanted no longer", { kind: "dismissed" }, "complete", []],
    ["is on a machine that stops", { kind: "shutdown" }, "complete", []],
    ["is restarted", { kind: "restart" }, "starting", ["State changed from down to starting", ...START]],
    [
      "gets another release's number",
      { kind: "spec", spec: { ...asleep.spec, releaseVersion: 4 } },
      "idle",
      [],
    ],
    ["hears of a process that is gone", { kind: "exited", code: 1 }, "idle", []],
    ["is looked at", { kind: "tick" }, "idle", []],
  ])("%s", (_what, event, state, done) => {
    expect(after(asleep, event)).toMatchObject({ state, done });
  });

  test("on its way there can still be stopped for good", () => {
    const idling = after(machineOf(UP, { duty: "work" }), { kind: "sleep" });
    const dismissed = after(idling.machine, { kind: "dismissed" });
    expect(after(dismissed.machine, { kind: "exited", code: 143 }).state).toBe("complete");
  });
});

describe("a dyno without room", () => {
  const waiting: DynoPhase = { kind: "crashed", reason: "room", restartAt: NOW };

  test("waits for it and says so once", () => {
    const told = after(machineOf({ kind: "asleep" }), { kind: "wake" }, FULL);
    expect(told.phase).toEqual({ ...waiting, restartAt: NOW + ROOM_LOOK_MS });
    expect(told.done).toEqual(["Unidling", "There is no room. It starts when there is room."]);
    expect(after(told.machine, { kind: "tick" }, { ...FULL, now: NOW + ROOM_LOOK_MS }).done).toEqual([]);
    expect(after(told.machine, { kind: "room" }, FULL).done).toEqual([]);
  });

  test("starts when there is some", () => {
    const begun = after(machineOf(waiting), { kind: "room" });
    expect([begun.state, ...begun.done]).toEqual([
      "starting",
      "State changed from down to starting",
      ...START,
    ]);
    expect(begun.machine.crashes).toBe(0);
  });

  test("ends without a word when it is wanted no longer", () => {
    expect(after(machineOf(waiting), { kind: "dismissed" })).toMatchObject({ state: "complete", done: [] });
  });

  test("is no other's concern", () => {
    expect(after(machineOf(UP), { kind: "room" }).done).toEqual([]);
    const crashed: DynoPhase = { kind: "crashed", reason: "exit", restartAt: NOW + 9 };
    expect(after(machineOf(crashed), { kind: "room" })).toMatchObject({ phase: crashed, done: [] });
  });

  test("and of one run only is the caller's to refuse: it starts", () => {
    const oneOff = machineOf({ kind: "awaiting", until: NOW + 1 }, {}, { oneOff: true });
    expect(after(oneOff, { kind: "attached" }, FULL).done).toEqual(START);
  });
});
