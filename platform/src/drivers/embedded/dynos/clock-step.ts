import type { Clock } from "../../../kernel/index.ts";
import type { DynoMachine, DynoPhase } from "./dyno-machine.ts";

/** Smaller ones are how clocks are disciplined (adjtimex(2)), and change nothing that anybody waits for. */
const SMALLEST_STEP_MS = 1_000;

/**
 * Looks whether somebody has set the clock. `passed`: milliseconds that have passed since some moment, whatever the clock says.
 * @returns what tells by how many milliseconds the clock was set since it was last asked; 0 when it was not
 */
export function watchClock(now: Clock, passed: () => number): () => number {
  const ahead = () => now().getTime() - passed();
  let known = ahead();
  return () => {
    const step = ahead() - known;
    if (Math.abs(step) < SMALLEST_STEP_MS) return 0;
    known += step;
    return step;
  };
}

/** The dyno with all that is due as far away as it was before the clock was set. Since when its state holds is history, and stays. */
export function shiftDue(machine: DynoMachine, byMs: number): DynoMachine {
  const { endAt } = machine;
  const phase = shiftPhase(machine.phase, byMs);
  return { ...machine, phase, ...(endAt === undefined ? {} : { endAt: endAt + byMs }) };
}

function shiftPhase(phase: DynoPhase, byMs: number): DynoPhase {
  switch (phase.kind) {
    case "awaiting":
      return { ...phase, until: phase.until + byMs };
    case "up":
      return shifted({ ...phase, at: phase.at + byMs }, "freezeAt", byMs);
    case "crashed":
      return shifted(phase, "restartAt", byMs);
    case "stopping":
      return shifted(shifted(phase, "termAt", byMs), "killAt", byMs);
    case "starting":
    case "asleep":
    case "ended":
      return phase;
  }
}

function shifted<K extends string, P extends { readonly [key in K]?: number | undefined }>(
  phase: P,
  key: K,
  byMs: number,
): P {
  const at = phase[key];
  return at === undefined ? phase : { ...phase, [key]: at + byMs };
}
