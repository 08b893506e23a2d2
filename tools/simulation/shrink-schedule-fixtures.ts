import { runSchedule } from "./run-schedule-fixtures.ts";
import type { Schedule } from "./schedule-fixtures.ts";
import type { Defects } from "./simulated-record-fixtures.ts";

export interface Shrunk {
  readonly schedule: Schedule;
  readonly failure: string;
}

const MOST_TRIES = 400;

/**
 * The smallest schedule that is found by leaving steps out, larger parts first, and by making less of what is left, and that
 * still breaks a promise, be it another one.
 */
export async function shrinkSchedule(
  from: Schedule,
  failure: string,
  defects: Defects = {},
): Promise<Shrunk> {
  let best: Shrunk = { schedule: from, failure };
  let tries = 0;
  const attempt = async (schedule: Schedule): Promise<boolean> => {
    if (tries++ >= MOST_TRIES) return false;
    const failed = await runSchedule(schedule, { defects });
    if (failed === undefined) return false;
    best = { schedule, failure: failed };
    return true;
  };
  for (let size = Math.ceil(from.steps.length / 2); size >= 1; ) {
    const before = best.schedule.steps.length;
    for (let at = 0; at < best.schedule.steps.length; ) {
      const { steps } = best.schedule;
      if (!(await attempt({ ...best.schedule, steps: without(steps, at, size) }))) at += size;
    }
    if (size === 1 && best.schedule.steps.length === before) break;
    size = Math.max(1, Math.floor(size / 2));
  }
  for (const simpler of SIMPLER) {
    const schedule = simpler(best.schedule);
    if (schedule) await attempt(schedule);
  }
  for (let at = 0; at < best.schedule.steps.length; at++) {
    const { steps } = best.schedule;
    await attempt({
      ...best.schedule,
      steps: steps.map((one, i) => (i === at ? { ...one, afterMs: 0 } : one)),
    });
  }
  return best;
}

const SIMPLER: readonly ((schedule: Schedule) => Schedule | undefined)[] = [
  ({ capacity, ...rest }) => (capacity === undefined ? undefined : rest),
  (schedule) => (schedule.sleeps ? { ...schedule, sleeps: false } : undefined),
  (schedule) => (schedule.web > 0 ? { ...schedule, web: 0 } : undefined),
  (schedule) => (schedule.web > 1 ? { ...schedule, web: 1 } : undefined),
  (schedule) => (schedule.worker > 0 ? { ...schedule, worker: 0 } : undefined),
  (schedule) => (schedule.worker > 1 ? { ...schedule, worker: 1 } : undefined),
];

/** The later steps come when they came. */
function without(steps: Schedule["steps"], at: number, size: number): Schedule["steps"] {
  const left = steps.slice(at, at + size).reduce((sum, { afterMs }) => sum + afterMs, 0);
  return steps
    .filter((_, i) => i < at || i >= at + size)
    .map((step, i) => (i === at ? { ...step, afterMs: step.afterMs + left } : step));
}
