import type { Running } from "../../kernel/index.ts";

/** Something that has until `deadline`, on the clock of `performance.now()`. */
export interface Expiring {
  readonly deadline: number;
  /** Called when the deadline is past; should move it, or the next round calls again. */
  expire(now: number): void;
}

/**
 * Looks at all deadlines once a round. A request moves its deadline several times and hardly ever reaches one: storing
 * a number costs less than a timer, and rounds cost the same however busy the connections are.
 */
export class Deadlines {
  readonly #all = new Set<Expiring>();

  add(item: Expiring): void {
    this.#all.add(item);
  }

  delete(item: Expiring): void {
    this.#all.delete(item);
  }

  start(tickMs: number): Running {
    const timer = setInterval(() => this.round(performance.now()), tickMs);
    return { stop: async () => clearInterval(timer) };
  }

  round(now: number): void {
    for (const item of this.#all) if (item.deadline <= now) item.expire(now);
  }
}

export const NEVER = Number.POSITIVE_INFINITY;
