import type { Shrunk, Stepped } from "./leave-out-steps-fixtures.ts";

/** A schedule that broke a promise, and which. */
export interface Failure {
  readonly seed: number;
  readonly failure: string;
}

/** Schedules of one kind. */
export interface Reported<S> {
  readonly make: (seed: number) => S;
  readonly shrink: (schedule: S, failure: string) => Promise<Shrunk<S>>;
  /** As lines for people. */
  readonly describe: (schedule: S) => readonly string[];
}

/** Failures that are shrunk and told whole; of the others the seed is told. */
const TOLD_WHOLE = 3;

/** Tells of each failure, and of the first ones how little of their schedules is enough for it. */
export class ScheduleReport<S extends Stepped<unknown>> {
  #told = 0;
  readonly #say: (line: string) => void;
  readonly #of: Reported<S>;

  constructor(say: (line: string) => void, of: Reported<S>) {
    this.#say = say;
    this.#of = of;
  }

  async tell({ seed, failure }: Failure): Promise<void> {
    const say = this.#say;
    say(`seed ${seed}: ${failure}`);
    if (++this.#told > TOLD_WHOLE) return;
    const schedule = this.#of.make(seed);
    const shrunk = await this.#of.shrink(schedule, failure);
    say(
      `${shrunk.schedule.steps.length} of its ${schedule.steps.length} steps are enough: ${shrunk.failure}`,
    );
    for (const line of this.#of.describe(shrunk.schedule)) say(line);
  }
}
