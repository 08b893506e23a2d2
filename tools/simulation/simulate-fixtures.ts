import { runSchedule } from "./run-schedule-fixtures.ts";
import { describeSchedule, makeSchedule } from "./schedule-fixtures.ts";
import { shrinkSchedule } from "./shrink-schedule-fixtures.ts";
import type { Defects } from "./simulated-record-fixtures.ts";
import { Turns } from "./virtual-time-fixtures.ts";

/** A schedule that broke a promise, and which. */
export interface Failure {
  readonly seed: number;
  readonly failure: string;
}

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

/** Failures that are shrunk and told whole; of the others the seed is told. */
const TOLD_WHOLE = 3;

/** Tells of each failure, and of the first ones how little of their schedules is enough for it. */
export class FailureReport {
  #told = 0;
  readonly #say: (line: string) => void;
  readonly #defects: Defects | undefined;

  constructor(say: (line: string) => void, defects?: Defects) {
    this.#say = say;
    this.#defects = defects;
  }

  async tell({ seed, failure }: Failure): Promise<void> {
    const say = this.#say;
    say(`seed ${seed}: ${failure}`);
    if (++this.#told > TOLD_WHOLE) return;
    const schedule = makeSchedule(seed);
    const shrunk = await shrinkSchedule(schedule, failure, this.#defects);
    say(
      `${shrunk.schedule.steps.length} of its ${schedule.steps.length} steps are enough: ${shrunk.failure}`,
    );
    for (const line of describeSchedule(shrunk.schedule)) say(line);
  }
}
