import { dynoTexts as texts } from "../../../runtime/dyno/index.ts";
import {
  type DynoEffect,
  type DynoMachine,
  type DynoPhase,
  type DynoStep,
  enter,
  isOutOfRoom,
  log,
  type StepContext,
  same,
  word,
} from "./dyno-machine.ts";

/** The router hears of a dyno that leaves before the dyno hears SIGTERM. */
export const LEAVE_BEFORE_TERM_MS = 200;

interface Leaving {
  readonly goal: "end" | "restart" | "sleep";
  readonly waitForRouter: boolean;
}

/** Stops the dyno for good or to start again; one that takes requests first leaves the router's table. */
export function leave(
  machine: DynoMachine,
  { goal, waitForRouter }: Leaving,
  context: StepContext,
): DynoStep {
  const { phase, spec } = machine;
  const { now } = context;
  if (phase.kind === "ended") return same(machine);
  if (phase.kind === "awaiting" || phase.kind === "crashed" || phase.kind === "asleep")
    return endWithoutProcess(machine, context);
  if (phase.kind === "stopping") {
    if (phase.goal === goal && (waitForRouter || phase.termAt === undefined)) return same(machine);
    const next = enter(machine, { ...phase, goal }, now);
    return waitForRouter || phase.termAt === undefined
      ? { machine: next, effects: [] }
      : terminate(next, now);
  }
  const effects = leavingWords(machine, goal);
  if (phase.kind === "up" && phase.frozen) effects.push({ do: "thaw" });
  const routed = waitForRouter && phase.kind === "up" && spec.duty === "serve";
  const stopping = {
    kind: "stopping",
    goal,
    termAt: now + (routed ? LEAVE_BEFORE_TERM_MS : 0),
    told: "R12",
  } as const;
  const next = enter(machine, stopping, now);
  if (routed) return { machine: next, effects };
  const terminated = terminate(next, now);
  return { machine: terminated.machine, effects: [...effects, ...terminated.effects] };
}

function leavingWords(machine: DynoMachine, goal: Leaving["goal"]): DynoEffect[] {
  if (goal === "sleep") return [log(texts.idling), log(texts.changed(word(machine), "down"))];
  if (goal === "restart") {
    const changed = word(machine) === "starting" ? [] : [log(texts.changed(word(machine), "starting"))];
    return [log(texts.restarting), ...changed];
  }
  return machine.oneOff ? [] : [log(texts.changed(word(machine), "down"))];
}

/** Ends a dyno that has no process to stop. */
export function endWithoutProcess(machine: DynoMachine, { now }: StepContext): DynoStep {
  const exitCode = machine.phase.kind === "crashed" ? (machine.phase.exitCode ?? 1) : 128;
  const to = machine.oneOff ? "complete" : "down";
  return {
    machine: enter(machine, { kind: "ended", exitCode }, now),
    effects: word(machine) === to ? [] : [log(texts.changed(word(machine), to))],
  };
}

/** SIGTERM now, SIGKILL later. */
export function terminate(machine: DynoMachine, now: number): DynoStep {
  const { phase, spec } = machine;
  if (phase.kind !== "stopping") return same(machine);
  const { termAt: _, ...rest } = phase;
  return {
    machine: { ...machine, phase: { ...rest, killAt: now + spec.stopSeconds * 1_000 } },
    effects: [log(texts.terminating), { do: "signal", name: "SIGTERM" }],
  };
}

/** Stop and start again, or just start when it waits after a crash. */
export function restart(machine: DynoMachine, context: StepContext): DynoStep {
  const fresh = { ...machine, crashes: 0 };
  const { phase } = machine;
  if (phase.kind === "ended" || machine.oneOff) return same(machine);
  if (phase.kind === "stopping" && phase.goal === "end") return same(machine);
  if (phase.kind !== "crashed" && phase.kind !== "asleep")
    return leave(fresh, { goal: "restart", waitForRouter: true }, context);
  return beginAgain(fresh, context);
}

/** An up dyno goes to sleep; any other goes on with what it does. */
export function fallAsleep(machine: DynoMachine, context: StepContext): DynoStep {
  if (machine.phase.kind !== "up") return same(machine);
  return leave(machine, { goal: "sleep", waitForRouter: true }, context);
}

/** Starts a dyno that sleeps, or will once it has ended. */
export function wake(machine: DynoMachine, context: StepContext): DynoStep {
  const { phase } = machine;
  if (phase.kind === "stopping" && phase.goal === "sleep")
    return {
      machine: enter(machine, { ...phase, goal: "restart" }, context.now),
      effects: [log(texts.unidling), log(texts.changed("down", "starting"))],
    };
  if (phase.kind !== "asleep") return same(machine);
  const begun = beginAgain({ ...machine, crashes: 0 }, context);
  return { machine: begun.machine, effects: [log(texts.unidling), ...begun.effects] };
}

/** An attached dyno ends with its client. */
export function hangUp(machine: DynoMachine, why: "closed" | "idle", { now }: StepContext): DynoStep {
  const { phase, spec } = machine;
  if (phase.kind !== "starting" && phase.kind !== "up") return same(machine);
  const stopping: DynoPhase = {
    kind: "stopping",
    goal: "end",
    killAt: now + spec.stopSeconds * 1_000,
    told: "nothing",
  };
  return {
    machine: enter(machine, stopping, now),
    effects: [log(why === "idle" ? texts.idle : texts.clientGone), { do: "signal", name: "SIGHUP" }],
  };
}

/** It was asked to end and did not. */
export function killOff(machine: DynoMachine, phase: DynoPhase & { kind: "stopping" }): DynoStep {
  const { killAt: _, ...rest } = phase;
  const said = phase.told === "R12" ? [log(texts.exitTimeout(machine.spec.stopSeconds))] : [];
  return {
    machine: { ...machine, phase: rest },
    effects: [...said, log(texts.killingRest), { do: "kill" }],
  };
}

/** A dyno that waits for room is looked at when another has left, and this often. */
export const ROOM_LOOK_MS = 30_000;

/**
 * Starts the process, also one that follows another under the same id. Where the machine has no room for it, it waits for
 * some, and its log says so once.
 */
export function begin(machine: DynoMachine, { now, noRoomFor }: StepContext): DynoStep {
  const message = machine.oneOff ? undefined : noRoomFor?.(machine);
  if (message === undefined)
    return {
      machine: enter(machine, { kind: "starting" }, now),
      effects: [log(texts.starting(machine.spec.displayCommand)), { do: "start" }],
    };
  const waiting = { kind: "crashed", reason: "room", restartAt: now + ROOM_LOOK_MS } as const;
  const told = isOutOfRoom(machine.phase);
  return {
    machine: enter(machine, waiting, now),
    effects: told ? [] : [log(`${message} It starts when there is room.`)],
  };
}

/** Starts one that is down, and says so, unless there is still no room for it. */
export function beginAgain(machine: DynoMachine, context: StepContext): DynoStep {
  const { machine: begun, effects } = begin(machine, context);
  const changed = log(texts.changed(word(machine), "starting"));
  return { machine: begun, effects: isOutOfRoom(begun.phase) ? effects : [changed, ...effects] };
}
