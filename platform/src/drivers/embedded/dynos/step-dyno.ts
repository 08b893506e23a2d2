import {
  AWAIT_CLIENT_MS,
  type DynoSpec,
  dynoTexts as texts,
  wrongPlace,
} from "../../../runtime/dyno/index.ts";
import {
  type Address,
  type DynoEvent,
  type DynoMachine,
  type DynoPhase,
  type DynoStep,
  enter,
  isOutOfRoom,
  log,
  type StepContext,
  same,
} from "./dyno-machine.ts";
import { end, fail } from "./end-dyno.ts";
import {
  begin,
  beginAgain,
  endWithoutProcess,
  fallAsleep,
  hangUp,
  killOff,
  leave,
  restart,
  terminate,
  wake,
} from "./leave-dyno.ts";

/** Requests under way when a dyno gets warm are not frozen with it. */
const FREEZE_AFTER_MS = 2_000;

/** What a dyno does upon an event. Events that no longer fit its phase change nothing. */
export function stepDyno(machine: DynoMachine, event: DynoEvent, context: StepContext): DynoStep {
  switch (event.kind) {
    case "spec":
      return takeSpec(machine, event.spec, context);
    case "dismissed":
      return leave(machine, { goal: "end", waitForRouter: true }, context);
    case "shutdown":
      return leave(machine, { goal: "end", waitForRouter: false }, context);
    case "restart":
      return restart(machine, context);
    case "sleep":
      return fallAsleep(machine, context);
    case "wake":
      return wake(machine, context);
    case "room":
      return isOutOfRoom(machine.phase) ? beginAgain(machine, context) : same(machine);
    case "attached":
      return machine.phase.kind === "awaiting" ? begin(machine, context) : same(machine);
    case "client-gone":
      return hangUp(machine, event.why, context);
    case "started":
      return machine.spec.duty === "work" ? rise(machine, undefined, context) : same(machine);
    case "listening":
      return rise(machine, event.address, context);
    case "boot-timeout":
      return failBoot(machine, event);
    case "exited":
      return end(machine, event, context);
    case "failed":
      return fail(machine, event, context);
    case "frozen":
    case "busy":
      return cool(machine, event.kind, context);
    case "tick":
      return tick(machine, context);
  }
}

/** The first step of a dyno that was just made: its process starts, or waits for a client. */
export function firstStep(
  machine: DynoMachine,
  context: StepContext & { readonly attach?: boolean },
): DynoStep {
  if (!context.attach) return begin(machine, context);
  const phase: DynoPhase = { kind: "awaiting", until: context.now + AWAIT_CLIENT_MS };
  return { machine: enter(machine, phase, context.now), effects: [log(texts.awaitingClient)] };
}

function takeSpec(machine: DynoMachine, spec: DynoSpec, context: StepContext): DynoStep {
  const next = { ...machine, spec };
  const { phase } = machine;
  // Wanted again before it was gone.
  if (phase.kind === "stopping" && phase.goal === "end" && !machine.oneOff)
    return { machine: enter(next, { ...phase, goal: "restart" }, context.now), effects: [] };
  if (phase.kind === "crashed" && phase.restartAt === undefined && spec.duty !== "warm")
    return beginAgain({ ...next, crashes: 0 }, context);
  if (phase.kind !== "up" || spec.duty === machine.spec.duty) return { machine: next, effects: [] };
  const { freezeAt: _, frozen, ...up } = phase;
  if (spec.duty === "warm") {
    return { machine: { ...next, phase: { ...up, freezeAt: context.now + FREEZE_AFTER_MS } }, effects: [] };
  }
  return { machine: { ...next, phase: up }, effects: frozen ? [{ do: "thaw" }] : [] };
}

function rise(machine: DynoMachine, address: Address | undefined, { now }: StepContext): DynoStep {
  const { phase, spec } = machine;
  if (phase.kind !== "starting" || phase.timedOut) return same(machine);
  const up: DynoPhase = {
    kind: "up",
    at: now,
    ...(address ? { address } : {}),
    ...(spec.duty === "warm" ? { freezeAt: now + FREEZE_AFTER_MS } : {}),
  };
  return { machine: enter(machine, up, now), effects: [log(texts.changed("starting", "up"))] };
}

function failBoot(machine: DynoMachine, event: DynoEvent & { kind: "boot-timeout" }): DynoStep {
  if (machine.phase.kind !== "starting" || machine.phase.timedOut) return same(machine);
  const place = wrongPlace(event.found, event.port);
  return {
    machine: { ...machine, phase: { kind: "starting", timedOut: true } },
    effects: [
      log(texts.bootTimeout(machine.spec.bootSeconds)),
      ...(place ? [log(place)] : []),
      log(texts.killing),
      { do: "kill" },
    ],
  };
}

function cool(machine: DynoMachine, outcome: "frozen" | "busy", { now }: StepContext): DynoStep {
  const { phase, spec } = machine;
  const warm = phase.kind === "up" && spec.duty === "warm";
  if (!warm) return { machine, effects: outcome === "frozen" ? [{ do: "thaw" }] : [] };
  const { freezeAt: _, ...up } = phase;
  const next: DynoPhase =
    outcome === "frozen" ? { ...up, frozen: true } : { ...up, freezeAt: now + FREEZE_AFTER_MS };
  return { machine: { ...machine, phase: next }, effects: [] };
}

function tick(machine: DynoMachine, context: StepContext): DynoStep {
  const { phase, endAt } = machine;
  const { now } = context;
  const due = (time: number | undefined) => time !== undefined && time <= now;
  switch (phase.kind) {
    case "awaiting": {
      if (!due(phase.until) && !due(endAt)) return same(machine);
      const { machine: ended, effects } = endWithoutProcess(machine, context);
      return { machine: ended, effects: [log(texts.attachError), ...effects] };
    }
    case "crashed": {
      return due(phase.restartAt) ? beginAgain(machine, context) : same(machine);
    }
    case "stopping":
      if (due(phase.termAt)) return terminate(machine, now);
      return phase.termAt === undefined && due(phase.killAt) ? killOff(machine, phase) : same(machine);
    case "starting":
    case "up": {
      if (due(endAt)) {
        const { machine: left, effects } = leave(machine, { goal: "end", waitForRouter: false }, context);
        return { machine: left, effects: [log(texts.lifetimeOver), ...effects] };
      }
      if (phase.kind === "starting" || !due(phase.freezeAt)) return same(machine);
      const { freezeAt: _, ...up } = phase;
      return { machine: { ...machine, phase: up }, effects: [{ do: "freeze" }] };
    }
    case "asleep":
    case "ended":
      return same(machine);
  }
}
