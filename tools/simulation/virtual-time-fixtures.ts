/** Numbers from a seed: the same seed gives the same numbers on every machine. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e37_79b9) >>> 0;
  }

  /** From [0, 1). (mulberry32, public domain) */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  /** A whole number from 0 to below `bound`. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(among: readonly T[]): T {
    const one = among[this.below(among.length)];
    if (one === undefined) throw new Error("nothing to pick from");
    return one;
  }
}

/** One of those that weigh something, each as often as its weight says; undefined when there are none. */
export function pickWeighted<T>(
  random: SeededRandom,
  among: readonly (readonly [weight: number, one: T])[],
): T | undefined {
  let at = random.next() * among.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, one] of among) {
    at -= weight;
    if (at < 0) return one;
  }
  return undefined;
}

interface Due {
  readonly at: number;
  readonly order: number;
  work: (() => void) | undefined;
}

const BEGIN = Date.UTC(2026, 0, 1);
/**
 * Lets promises go on between two events, until none can go further. Schedules that are played side by side share these turns,
 * which cost more than most events.
 */
export class Turns {
  #waiting: Promise<void> | undefined;

  /** Resolves when all that anybody has begun has gone as far as it can without an event. */
  over(): Promise<void> {
    this.#waiting ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#waiting = undefined;
        resolve();
      });
    });
    return this.#waiting;
  }
}

/** Time that passes only when everything has been done that was due. Events of one moment come in the order they were asked for. */
export class VirtualTime {
  /** What was done so far. */
  events = 0;
  readonly #queue: Due[] = [];
  #elapsed = 0;
  #offset = 0;
  #order = 0;
  readonly #turns: Turns;

  constructor(turns = new Turns()) {
    this.#turns = turns;
  }

  /** Milliseconds since the begin, whatever the clock shows. */
  get elapsed(): number {
    return this.#elapsed;
  }

  readonly clock = (): Date => new Date(BEGIN + this.#elapsed + this.#offset);

  /** Somebody sets the clock. Timers go on as they were. */
  jump(ms: number): void {
    this.#offset += ms;
  }

  /** Returns what calls it off. */
  readonly after = (ms: number, work: () => void): (() => void) => {
    const due: Due = { at: this.#elapsed + Math.max(0, ms), order: this.#order++, work };
    this.#push(due);
    return () => {
      due.work = undefined;
    };
  };

  /** Lets so much time pass. Throws when more than `mostEvents` have been done since the begin. */
  async pass(ms: number, mostEvents: number): Promise<void> {
    const until = this.#elapsed + ms;
    // What has just happened goes as far as it can before any time passes.
    await this.#turns.over();
    for (;;) {
      const first = this.#queue[0];
      if (!first || first.at > until) break;
      this.#pop();
      if (!first.work) continue;
      this.#elapsed = first.at;
      if (++this.events > mostEvents)
        throw new Error(`more than ${mostEvents} events: it never comes to rest`);
      first.work();
      await this.#turns.over();
    }
    this.#elapsed = until;
  }

  #push(due: Due): void {
    const queue = this.#queue;
    let at = queue.length;
    queue.push(due);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = queue[above] as Due;
      if (isBefore(parent, due)) break;
      queue[at] = parent;
      at = above;
    }
    queue[at] = due;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop() as Due;
    if (queue.length === 0) return;
    let at = 0;
    for (;;) {
      let below = at * 2 + 1;
      if (below >= queue.length) break;
      const right = queue[below + 1];
      if (right && isBefore(right, queue[below] as Due)) below++;
      const child = queue[below] as Due;
      if (isBefore(last, child)) break;
      queue[at] = child;
      at = below;
    }
    queue[at] = last;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
