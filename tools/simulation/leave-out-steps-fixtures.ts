export interface Stepped<Step> {
  readonly steps: readonly Step[];
}

export interface Shrunk<S> {
  readonly schedule: S;
  readonly failure: string;
}

/** How schedules of one kind are played and made less of. */
export interface ShrinkingOf<Step, S extends Stepped<Step>> {
  /** What broke, undefined when nothing did. */
  readonly run: (schedule: S) => Promise<string | undefined>;
  /** How long a step waits for the one before it, and the step with another wait. */
  readonly waitOf: (step: Step) => number;
  readonly withWait: (step: Step, wait: number) => Step;
}

const MOST_TRIES = 400;

/** Looks for less of a schedule that still breaks a promise, be it another one. */
export class Shrinking<Step, S extends Stepped<Step>> {
  best: Shrunk<S>;
  #tries = 0;
  readonly #of: ShrinkingOf<Step, S>;

  constructor(from: Shrunk<S>, of: ShrinkingOf<Step, S>) {
    this.best = from;
    this.#of = of;
  }

  /** Whether it breaks one; it is then the best. */
  async attempt(schedule: S): Promise<boolean> {
    if (this.#tries++ >= MOST_TRIES) return false;
    const failure = await this.#of.run(schedule);
    if (failure === undefined) return false;
    this.best = { schedule, failure };
    return true;
  }

  /** Leaves steps out, larger parts first. */
  async leaveOutSteps(): Promise<void> {
    for (let size = Math.ceil(this.best.schedule.steps.length / 2); size >= 1; ) {
      const before = this.best.schedule.steps.length;
      for (let at = 0; at < this.best.schedule.steps.length; ) {
        const steps = this.#without(this.best.schedule.steps, at, size);
        if (!(await this.attempt({ ...this.best.schedule, steps }))) at += size;
      }
      if (size === 1 && this.best.schedule.steps.length === before) break;
      size = Math.max(1, Math.floor(size / 2));
    }
  }

  /** Has each step come at once. */
  async leaveOutWaits(): Promise<void> {
    for (let at = 0; at < this.best.schedule.steps.length; at++) {
      const steps = this.best.schedule.steps.map((one, i) => (i === at ? this.#of.withWait(one, 0) : one));
      await this.attempt({ ...this.best.schedule, steps });
    }
  }

  /** The later steps come when they came. */
  #without(steps: readonly Step[], at: number, size: number): readonly Step[] {
    const { waitOf, withWait } = this.#of;
    const left = steps.slice(at, at + size).reduce((sum, step) => sum + waitOf(step), 0);
    return steps
      .filter((_, i) => i < at || i >= at + size)
      .map((step, i) => (i === at ? withWait(step, waitOf(step) + left) : step));
  }
}
