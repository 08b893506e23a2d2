import { Shrinking, type Shrunk } from "./leave-out-steps-fixtures.ts";
import { runSchedule } from "./run-schedule-fixtures.ts";
import type { Schedule, Step } from "./schedule-fixtures.ts";
import type { Defects } from "./simulated-record-fixtures.ts";

/**
 * The smallest schedule that is found by leaving steps out, larger parts first, and by making less of what is left, and that
 * still breaks a promise, be it another one.
 */
export async function shrinkSchedule(
  from: Schedule,
  failure: string,
  defects: Defects = {},
): Promise<Shrunk<Schedule>> {
  const shrinking = new Shrinking<Step, Schedule>(
    { schedule: from, failure },
    {
      run: (schedule) => runSchedule(schedule, { defects }),
      waitOf: ({ afterMs }) => afterMs,
      withWait: (step, afterMs) => ({ ...step, afterMs }),
    },
  );
  await shrinking.leaveOutSteps();
  for (const simpler of SIMPLER) {
    const schedule = simpler(shrinking.best.schedule);
    if (schedule) await shrinking.attempt(schedule);
  }
  await shrinking.leaveOutWaits();
  return shrinking.best;
}

const SIMPLER: readonly ((schedule: Schedule) => Schedule | undefined)[] = [
  ({ capacity, ...rest }) => (capacity === undefined ? undefined : rest),
  (schedule) => (schedule.sleeps ? { ...schedule, sleeps: false } : undefined),
  (schedule) => (schedule.web > 0 ? { ...schedule, web: 0 } : undefined),
  (schedule) => (schedule.web > 1 ? { ...schedule, web: 1 } : undefined),
  (schedule) => (schedule.worker > 0 ? { ...schedule, worker: 0 } : undefined),
  (schedule) => (schedule.worker > 1 ? { ...schedule, worker: 1 } : undefined),
];
