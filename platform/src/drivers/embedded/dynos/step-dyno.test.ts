import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AWAIT_CLIENT_MS, type DynoSpec } from "../../../runtime/dyno/index.ts";
import {
  type DynoEvent,
  type DynoMachine,
  type DynoPhase,
  newDyno,
  nextLook,
  stateOf,
} from "./dyno-machine.ts";
import { firstStep, stepDyno } from "./step-dyno.ts";

const NOW = Date.parse("2026-01-02T03:04:05.678Z");
const AT = { now: NOW, random: 0.5 };
const ADDRESS = { host: "127.0.0.1", port: 5000 };
const UP: DynoPhase = { kind: "up", at: NOW - 1_000, address: ADDRESS };

function spec(change: Partial<DynoSpec> = {}): DynoSpec {
  return {
    id: "d1",
    name: "web.1",
    type: "web",
    appId: "a1",
    appName: "example",
    releaseId: "r1",
    releaseVersion: 3,
    image: "sha256:1",
    command: { kind: "process", type: "web" },
    displayCommand: "node server.js",
    env: {},
    limits: { memoryBytes: 1, cpuShare: 1, pids: 1 },
    bootSeconds: 60,
    stopSeconds: 30,
    duty: "serve",
    ...change,
  };
}

function dyno(phase: DynoPhase, change: Partial<DynoMachine> = {}): DynoMachine {
  return { ...newDyno(spec(), { now: NOW - 5_000 }), phase, ...change };
}

/** A step as a table shows it: the phase, and what is done in words. */
function after(machine: DynoMachine, event: DynoEvent, context = AT) {
  const step = stepDyno(machine, event, context);
  const done = step.effects.map((effect) => {
    if (effect.do === "log") return effect.message;
    return effect.do === "signal" ? `(${effect.name})` : `(${effect.do})`;
  });
  return { phase: step.machine.phase, done, machine: step.machine };
}

const STARTING_LINE = "Starting process with command `node server.js`";

describe("a web dyno", () => {
  test("is new, starts, listens, and is up", () => {
    const made = firstStep(newDyno(spec(), { now: NOW }), AT);
    expect(made.effects).toEqual([{ do: "log", message: STARTING_LINE }, { do: "start" }]);
    const started = after(made.machine, { kind: "started" });
    expect(started.phase).toEqual({ kind: "starting" });
    const up = after(started.machine, { kind: "listening", address: ADDRESS }, { ...AT, now: NOW + 700 });
    expect(up.phase).toEqual({ kind: "up", at: NOW + 700, address: ADDRESS });
    expect(up.done).toEqual(["State changed from starting to up"]);
    expect(up.machine.since).toBe(NOW + 700);
  });

  test("that does not listen in time is killed, told where it listens, and has crashed", () => {
    const found = [{ address: "127.0.0.1", port: 5000 }];
    const late = after(dyno({ kind: "starting" }), { kind: "boot-timeout", found, port: 5000 });
    expect(late.done).toEqual([
      "Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 60 seconds of launch",
      "The process listens on 127.0.0.1:5000; listen on 0.0.0.0 or :: and on $PORT (5000) to get requests",
      "Stopping process with SIGKILL",
      "(kill)",
    ]);
    expect(after(late.machine, { kind: "listening", address: ADDRESS }).phase).toBe(late.phase);
    const dead = after(late.machine, { kind: "exited", code: 137 });
    expect(dead.phase).toEqual({ kind: "crashed", reason: "boot-timeout", exitCode: 137, restartAt: NOW });
    expect(dead.done).toEqual(["Process exited with status 137", "State changed from starting to crashed"]);
  });

  test("that listens nowhere gets no line about where", () => {
    const late = after(dyno({ kind: "starting" }), { kind: "boot-timeout", found: [], port: 5000 });
    expect(late.done).toHaveLength(3);
  });

  test("leaves the router's table before it hears SIGTERM", () => {
    const leaving = after(dyno(UP), { kind: "dismissed" });
    expect(leaving.done).toEqual(["State changed from up to down"]);
    expect(stateOf(leaving.machine)).toEqual({ kind: "stopping" });
    const soon = nextLook(leaving.machine) ?? 0;
    expect(soon - NOW).toBeGreaterThan(0);
    expect(soon - NOW).toBeLessThan(1_000);
    const asked = after(leaving.machine, { kind: "tick" }, { ...AT, now: soon });
    expect(asked.done).toEqual(["Stopping all processes with SIGTERM", "(SIGTERM)"]);
    const gone = after(asked.machine, { kind: "exited", code: 143 });
    expect(gone.phase).toEqual({ kind: "ended", exitCode: 143 });
    expect(gone.done).toEqual(["Process exited with status 143"]);
  });

  test("that does not end in time is killed with R12", () => {
    const asked = after(dyno(UP, { spec: spec({ duty: "stand-by" }) }), { kind: "dismissed" });
    expect(asked.done).toContain("(SIGTERM)");
    expect(nextLook(asked.machine)).toBe(NOW + 30_000);
    const late = after(asked.machine, { kind: "tick" }, { ...AT, now: NOW + 30_000 });
    expect(late.done).toEqual([
      "Error R12 (Exit timeout) -> At least one process failed to exit within 30 seconds of SIGTERM",
      "Stopping remaining processes with SIGKILL",
      "(kill)",
    ]);
    expect(nextLook(late.machine)).toBeUndefined();
    expect(after(late.machine, { kind: "exited", code: 137 }).phase).toEqual({
      kind: "ended",
      exitCode: 137,
    });
  });

  test("restarts under its id, and looks as if it were starting meanwhile", () => {
    const leaving = after(dyno(UP, { crashes: 4 }), { kind: "restart" });
    expect(leaving.done).toEqual(["Restarting", "State changed from up to starting"]);
    expect(stateOf(leaving.machine)).toEqual({ kind: "starting" });
    const asked = after(leaving.machine, { kind: "tick" }, { ...AT, now: NOW + 1_000 });
    const again = after(asked.machine, { kind: "exited", code: 0 });
    expect(again.done).toEqual(["Process exited with status 0", STARTING_LINE, "(start)"]);
    expect(again.machine).toMatchObject({ phase: { kind: "starting" }, crashes: 0 });
  });

  test("goes down at once when the platform stops", () => {
    expect(after(dyno(UP), { kind: "shutdown" }).done).toContain("(SIGTERM)");
    const leaving = after(dyno(UP), { kind: "dismissed" });
    expect(after(leaving.machine, { kind: "shutdown" }).done).toContain("(SIGTERM)");
  });
});

describe("a crash", () => {
  test.each([
    ["the first in a row is followed by a start at once", 0, UP, NOW],
    ["the second by one in ten seconds", 1, UP, NOW + 10_000],
    ["the fourth by one in forty", 3, UP, NOW + 40_000],
    ["an hour of health makes it the first again", 9, { ...UP, at: NOW - 3_600_000 }, NOW],
    ["before it was up counts just so", 1, { kind: "starting" }, NOW + 10_000],
  ] as const)("%s", (_what, crashes, phase, restartAt) => {
    const crashed = after(dyno(phase, { crashes }), { kind: "exited", code: 0 });
    expect(crashed.phase).toEqual({ kind: "crashed", reason: "exit", exitCode: 0, restartAt });
    expect(nextLook(crashed.machine)).toBe(restartAt);
  });

  test("is left by a start when its time has come", () => {
    const crashed = dyno({ kind: "crashed", reason: "exit", exitCode: 1, restartAt: NOW }, { crashes: 2 });
    expect(after(crashed, { kind: "tick" }, { ...AT, now: NOW - 1 }).phase).toBe(crashed.phase);
    const again = after(crashed, { kind: "tick" });
    expect(again.done).toEqual(["State changed from crashed to starting", STARTING_LINE, "(start)"]);
    expect(again.machine.crashes).toBe(2);
  });

  test("is left at once by a restart, which forgets the back-off", () => {
    const crashed = dyno({ kind: "crashed", reason: "exit", restartAt: NOW + 99_000 }, { crashes: 5 });
    const again = after(crashed, { kind: "restart" });
    expect(again.machine).toMatchObject({ phase: { kind: "starting" }, crashes: 0 });
  });

  test("of memory is told", () => {
    const crashed = after(dyno(UP), { kind: "exited", code: 137, outOfMemory: true });
    expect(crashed.done[0]).toBe("Error R15 (Memory quota vastly exceeded)");
    expect(crashed.phase).toMatchObject({ reason: "memory" });
  });

  test("because it could not be started is told, and tried again", () => {
    const failed = after(dyno({ kind: "starting" }), {
      kind: "failed",
      reason: "image",
      message: "no such image",
    });
    expect(failed.done).toEqual([
      "Error R99 (Platform error) -> no such image",
      "State changed from starting to crashed",
    ]);
    expect(failed.phase).toEqual({ kind: "crashed", reason: "image", restartAt: NOW });
  });

  test("ends a dyno that is no longer wanted", () => {
    const crashed = dyno({ kind: "crashed", reason: "exit", exitCode: 3, restartAt: NOW + 9_000 });
    expect(after(crashed, { kind: "dismissed" })).toMatchObject({
      phase: { kind: "ended", exitCode: 3 },
      done: ["State changed from crashed to down"],
    });
  });
});

describe("a warm dyno", () => {
  const warm = spec({ duty: "warm" });

  test("is looked at after a while, frozen when idle, thawed to serve", () => {
    const cooling = after(dyno(UP), { kind: "spec", spec: warm });
    expect(cooling.done).toEqual([]);
    const looked = after(cooling.machine, { kind: "tick" }, { ...AT, now: nextLook(cooling.machine) ?? 0 });
    expect(looked.done).toEqual(["(freeze)"]);
    const frozen = after(looked.machine, { kind: "frozen" });
    expect(frozen.phase).toMatchObject({ kind: "up", frozen: true });
    expect(stateOf(frozen.machine)).toEqual({ kind: "up", address: ADDRESS });
    const serving = after(frozen.machine, { kind: "spec", spec: spec({ releaseVersion: 9 }) });
    expect(serving.done).toEqual(["(thaw)"]);
    expect(serving.phase).toEqual(UP);
    expect(serving.machine.spec.releaseVersion).toBe(9);
  });

  test("with open connections is looked at again", () => {
    const cooling = dyno(UP, { spec: warm });
    const busy = after(cooling, { kind: "busy" });
    expect(nextLook(busy.machine)).toBeGreaterThan(NOW);
  });

  test("is thawed before it is stopped or restarted", () => {
    const frozen = dyno({ ...UP, frozen: true }, { spec: warm });
    for (const kind of ["dismissed", "restart", "shutdown"] as const) {
      const { done } = after(frozen, { kind });
      expect(done.indexOf("(thaw)")).toBeGreaterThanOrEqual(0);
      expect(done.indexOf("(thaw)")).toBeLessThan(done.indexOf("(SIGTERM)"));
    }
  });

  test("that was frozen a moment too late is thawed again", () => {
    expect(after(dyno(UP), { kind: "frozen" }).done).toEqual(["(thaw)"]);
    const leaving = after(dyno(UP, { spec: warm }), { kind: "dismissed" });
    expect(after(leaving.machine, { kind: "frozen" }).done).toEqual(["(thaw)"]);
  });

  test("that crashes waits until it is wanted for something", () => {
    const crashed = after(dyno(UP, { spec: warm }), { kind: "exited", code: 1 });
    expect(nextLook(crashed.machine)).toBeUndefined();
    expect(stateOf(crashed.machine)).toEqual({ kind: "crashed", reason: "exit", exitCode: 1 });
    expect(after(crashed.machine, { kind: "spec", spec: spec() }).done).toContain("(start)");
  });
});

describe("a one-off dyno", () => {
  const oneOff = { oneOff: true, spec: spec({ name: "run.1", type: "run", duty: "work" }) };

  test("is up when its process runs, and complete when it has ended", () => {
    const up = after(dyno({ kind: "starting" }, oneOff), { kind: "started" });
    expect(up.phase).toEqual({ kind: "up", at: NOW });
    const done = after(up.machine, { kind: "exited", code: 2 });
    expect(done.phase).toEqual({ kind: "ended", exitCode: 2 });
    expect(done.done).toEqual(["Process exited with status 2", "State changed from up to complete"]);
  });

  test("waits for its client, and starts with it", () => {
    const waiting = firstStep(newDyno(oneOff.spec, { now: NOW, oneOff: true }), { ...AT, attach: true });
    expect(waiting.effects).toEqual([{ do: "log", message: "Awaiting client" }]);
    const attached = after(waiting.machine, { kind: "attached" });
    expect(attached.done).toEqual([STARTING_LINE, "(start)"]);
    expect(after(attached.machine, { kind: "attached" }).done).toEqual([]);
  });

  test("that waits in vain ends with R13", () => {
    const waiting = firstStep(newDyno(oneOff.spec, { now: NOW, oneOff: true }), { ...AT, attach: true });
    const over = after(waiting.machine, { kind: "tick" }, { ...AT, now: NOW + AWAIT_CLIENT_MS });
    expect(over.done).toEqual([
      "Error R13 (Attach error) -> Failed to attach to process",
      "State changed from starting to complete",
    ]);
    expect(over.phase).toEqual({ kind: "ended", exitCode: 128 });
  });

  test.each([
    ["closed", "Client connection closed. Sending SIGHUP to all processes"],
    ["idle", "Idle for an hour. Sending SIGHUP to all processes"],
  ] as const)("whose client is %s gets SIGHUP, then SIGKILL without R12", (why, message) => {
    const gone = after(dyno({ kind: "up", at: NOW }, oneOff), { kind: "client-gone", why });
    expect(gone.done).toEqual([message, "(SIGHUP)"]);
    const late = after(gone.machine, { kind: "tick" }, { ...AT, now: NOW + 30_000 });
    expect(late.done).toEqual(["Stopping remaining processes with SIGKILL", "(kill)"]);
  });

  test("ends when its time is over", () => {
    const running = dyno({ kind: "up", at: NOW }, { ...oneOff, endAt: NOW + 5_000 });
    expect(nextLook(running)).toBe(NOW + 5_000);
    const over = after(running, { kind: "tick" }, { ...AT, now: NOW + 5_000 });
    expect(over.done).toEqual([
      "The time this dyno may run is over",
      "Stopping all processes with SIGTERM",
      "(SIGTERM)",
    ]);
  });

  test("is never restarted", () => {
    const up = dyno({ kind: "up", at: NOW }, oneOff);
    expect(after(up, { kind: "restart" }).machine).toBe(up);
    const failed = after(dyno({ kind: "starting" }, oneOff), {
      kind: "failed",
      reason: "platform",
      message: "x",
    });
    expect(failed.phase).toEqual({ kind: "ended", exitCode: 1 });
  });
});

describe("whatever happens", () => {
  const event: fc.Arbitrary<DynoEvent> = fc.oneof(
    fc.constantFrom<DynoEvent>(
      { kind: "dismissed" },
      { kind: "shutdown" },
      { kind: "restart" },
      { kind: "attached" },
      { kind: "client-gone", why: "closed" },
      { kind: "started" },
      { kind: "listening", address: ADDRESS },
      { kind: "boot-timeout", found: [], port: 1 },
      { kind: "exited", code: 1 },
      { kind: "failed", reason: "image", message: "x" },
      { kind: "frozen" },
      { kind: "busy" },
      { kind: "tick" },
    ),
    fc
      .constantFrom("serve", "stand-by", "warm")
      .map((duty) => ({ kind: "spec", spec: spec({ duty }) }) as const),
  );

  test("an ended dyno stays ended and does nothing", () => {
    fc.assert(
      fc.property(event, (what) => {
        const ended = dyno({ kind: "ended", exitCode: 0 });
        const { phase, done } = after(ended, what);
        expect(phase).toEqual(ended.phase);
        expect(done.filter((text) => text !== "(thaw)")).toEqual([]);
      }),
    );
  });

  test("a dismissed dyno is on its way out, and never a process starts while another runs", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), fc.boolean(), (events, oneOff) => {
        const first = firstStep(newDyno(spec(), { now: NOW, oneOff }), { ...AT, attach: oneOff });
        let machine = first.machine;
        let running = first.effects.some((effect) => effect.do === "start");
        let now = NOW;
        for (const what of events) {
          // The end of a process is told only while there is one.
          const isEnd = what.kind === "exited" || what.kind === "failed";
          if (isEnd && !running) continue;
          now += 400;
          if (isEnd) running = false;
          const step = stepDyno(machine, what, { now, random: 0 });
          for (const effect of step.effects) {
            if (effect.do !== "start") continue;
            expect(running).toBe(false);
            running = true;
          }
          machine = step.machine;
          if (what.kind === "dismissed") expect(["stopping", "ended"]).toContain(machine.phase.kind);
          if (machine.phase.kind === "ended" || machine.phase.kind === "crashed") expect(running).toBe(false);
          if (machine.phase.kind === "up") expect(running).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
