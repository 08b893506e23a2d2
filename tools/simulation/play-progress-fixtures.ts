/** How often it is said how far it is. */
export const SAY_EVERY_MS = 5_000;

export interface Played {
  readonly passed: number;
  readonly failed: number;
  /** A second. */
  readonly rate: number;
}

/** What was played so far, and how fast. */
export class Progress {
  readonly #count: number;
  readonly #begin = performance.now();
  #played = 0;
  #failed = 0;

  constructor(count: number) {
    this.#count = count;
  }

  add(played: number, failed: number): void {
    this.#played += played;
    this.#failed += failed;
  }

  line(): string {
    const rate = this.#rate();
    const left = rate > 0 ? `, ${duration((this.#count - this.#played) / rate)} left` : "";
    return `${this.#played} of ${this.#count} schedules, ${rounded(rate)} a second${left}`;
  }

  end(): Played {
    return {
      passed: this.#played - this.#failed,
      failed: this.#failed,
      rate: rounded(this.#rate()),
    };
  }

  #rate(): number {
    return (this.#played * 1_000) / (performance.now() - this.#begin);
  }
}

/** Slow ones differ by less than one. */
function rounded(rate: number): number {
  return rate < 100 ? Number(rate.toFixed(1)) : Math.round(rate);
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
