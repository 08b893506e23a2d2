import { type CrashReason, dynoTexts as texts } from "../../../runtime/dyno/index.ts";
import {
  type DynoEvent,
  type DynoMachine,
  type DynoPhase,
  type DynoStep,
  enter,
  log,
  type StepContext,
  same,
  word,
} from "./dyno-machine.ts";
import { begin } from "./leave-dyno.ts";
import { HEALTHY_AFTER_MS, restartDelayMs } from "./restart-backoff.ts";

/** The process is gone: the end that was asked for, a restart, or a crash, which any other end of a formation dyno is. */
export function end(
  machine: DynoMachine,
  event: DynoEvent & { kind: "exited" },
  context: StepContext,
): DynoStep {
  const { phase, oneOff } = machine;
  const { code, signal, outOfMemory, outOfDisk } = event;
  if (!hasProcess(phase)) return same(machine);
  const said = [...(outOfMemory ? [log(texts.memoryExceeded)] : []), log(texts.exited(code))];
  if (phase.kind === "stopping" && phase.goal === "restart") {
    const { machine: begun, effects } = begin(machine, context);
    return { machine: begun, effects: [...said, ...effects] };
  }
  if (phase.kind === "stopping" && phase.goal === "sleep")
    return { machine: enter(machine, { kind: "asleep" }, context.now), effects: said };
  if (phase.kind === "stopping" || oneOff) {
    const ended: DynoPhase = { kind: "ended", exitCode: code, ...(signal ? { signal } : {}) };
    const from = phase.kind === "stopping" ? "up" : word(machine);
    const effects = oneOff ? [...said, log(texts.changed(from, "complete"))] : said;
    return { machine: enter(machine, ended, context.now), effects };
  }
  const timedOut = phase.kind === "starting" && phase.timedOut;
  const reason = timedOut ? "boot-timeout" : outOfMemory ? "memory" : outOfDisk ? "disk" : "exit";
  const crashed = crash(machine, { reason, exitCode: code }, context);
  return { machine: crashed.machine, effects: [...said, ...crashed.effects] };
}

function hasProcess({ kind }: DynoPhase): boolean {
  return kind === "starting" || kind === "up" || kind === "stopping";
}

function crash(
  machine: DynoMachine,
  how: { readonly reason: CrashReason; readonly exitCode?: number },
  { now, random }: StepContext,
): DynoStep {
  const { phase, spec } = machine;
  const healthy = phase.kind === "up" && now - phase.at >= HEALTHY_AFTER_MS;
  const crashes = healthy ? 1 : machine.crashes + 1;
  const restartAt = spec.duty === "warm" ? {} : { restartAt: now + restartDelayMs(crashes, random) };
  return {
    machine: enter({ ...machine, crashes }, { kind: "crashed", ...how, ...restartAt }, now),
    effects: [log(texts.changed(word(machine), "crashed"))],
  };
}

/** The process could not be started at all. */
export function fail(
  machine: DynoMachine,
  event: DynoEvent & { kind: "failed" },
  context: StepContext,
): DynoStep {
  const { phase, oneOff } = machine;
  if (!hasProcess(phase)) return same(machine);
  const said = log(texts.platformError(event.message));
  if (phase.kind === "stopping" && phase.goal === "end")
    return { machine: enter(machine, { kind: "ended", exitCode: 1 }, context.now), effects: [said] };
  if (oneOff) {
    const effects = [said, log(texts.changed(word(machine), "complete"))];
    return { machine: enter(machine, { kind: "ended", exitCode: 1 }, context.now), effects };
  }
  const crashed = crash(machine, { reason: event.reason }, context);
  return { machine: crashed.machine, effects: [said, ...crashed.effects] };
}
