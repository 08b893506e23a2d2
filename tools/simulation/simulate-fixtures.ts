import { runSchedule } from "./run-schedule-fixtures.ts";
import { describeSchedule, makeSchedule, type Schedule } from "./schedule-fixtures.ts";
import { type Failure, ScheduleReport } from "./schedule-report-fixtures.ts";
import { shrinkSchedule } from "./shrink-schedule-fixtures.ts";
import type { Defects } from "./simulated-record-fixtures.ts";
import { Turns } from "./virtual-time-fixtures.ts";

export interface Seeds {
  /** The first; the others follow it. */
  readonly seed: number;
  readonly count: number;
}

/** Schedules that are played side by side in a thread: enough that what they share costs little, and few enough to stay in its cache. */
const LANES = 16;

/** Plays the schedules of so many seeds. Returns the failures in the order of their seeds. */
export async function playSeeds({ seed, count }: Seeds, defects?: Defects): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  const turns = new Turns();
  let next = seed;
  const lane = async () => {
    while (next < seed + count) {
      const own = next++;
      const failure = await runSchedule(makeSchedule(own), { turns, ...(defects ? { defects } : {}) });
      if (failure !== undefined) failures.push({ seed: own, failure });
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, count) }, lane));
  return failures.toSorted((a, b) => a.seed - b.seed);
}

/** Tells of failures of the schedules of seeds. */
export class FailureReport extends ScheduleReport<Schedule> {
  constructor(say: (line: string) => void, defects?: Defects) {
    super(say, {
      make: makeSchedule,
      shrink: (schedule, failure) => shrinkSchedule(schedule, failure, defects),
      describe: describeSchedule,
    });
  }
}
