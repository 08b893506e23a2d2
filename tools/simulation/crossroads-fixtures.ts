import { setImmediate as turn } from "node:timers/promises";
import { pickWeighted, type SeededRandom } from "./virtual-time-fixtures.ts";

/**
 * What waits for its turn: a `call` to a store, an engine or a keeper of files; a `rest`, whose time may be over; the `renewal` of
 * a claim, which comes seldom; `engine`: something that the engine is about to do by itself.
 */
export type CrossingKind = "call" | "rest" | "renewal" | "engine";

interface Crossing {
  readonly who: string;
  readonly kind: CrossingKind;
  readonly go: (leave: () => void) => void;
}

/** How often each kind is the next to go. */
const WEIGHTS: Readonly<Record<CrossingKind, number>> = { call: 12, engine: 3, rest: 2, renewal: 0.5 };
const STUCK_MS = 60_000;

/**
 * Where all meet that processes do outside of themselves. One of them happens at a time, whole, and which is next a seed says; so all
 * orders are met that two processes can have between their steps, and each can be had again.
 */
export class Crossroads {
  #waiting: Crossing[] = [];
  readonly #gone = new Set<string>();

  /** Resolves when it is this one's turn, with what ends the turn. For one that is killed it never does. */
  async enter(who: string, kind: CrossingKind): Promise<() => void> {
    return await new Promise((go) => this.#wait({ who, kind, go }));
  }

  async call<T>(who: string, kind: CrossingKind, work: () => T | Promise<T>): Promise<T> {
    const leave = await this.enter(who, kind);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** As the kernel's `pause`: at its turn, or at once when the signal aborts. */
  async rest(who: string, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        signal?.removeEventListener("abort", end);
        this.#waiting = this.#waiting.filter((one) => one !== crossing);
        resolve();
      };
      const crossing: Crossing = {
        who,
        kind: "rest",
        go: (leave) => {
          end();
          leave();
        },
      };
      this.#wait(crossing);
      signal?.addEventListener("abort", end, { once: true });
    });
  }

  /** Who was killed does none of what waits, and nothing any more. */
  drop(who: string): void {
    this.#gone.add(who);
    this.#waiting = this.#waiting.filter((one) => one.who !== who);
  }

  #wait(crossing: Crossing): void {
    if (!this.#gone.has(crossing.who)) this.#waiting.push(crossing);
  }

  /** Lets one go that may, and then all get as far as they can. False when there was none. */
  async step(random: SeededRandom, mayGo: (who: string) => boolean): Promise<boolean> {
    await turn();
    const ready = this.#waiting.filter(({ who }) => mayGo(who));
    const next = pickWeighted(
      random,
      ready.map((one) => [WEIGHTS[one.kind], one] as const),
    );
    if (!next) return false;
    this.#waiting = this.#waiting.filter((one) => one !== next);
    let timer: NodeJS.Timeout | undefined;
    const stuck = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`a ${next.kind} of ${next.who} does not end`)), STUCK_MS);
    });
    await Promise.race([new Promise<void>((leave) => next.go(leave)), stuck]).finally(() =>
      clearTimeout(timer),
    );
    await turn();
    return true;
  }
}
