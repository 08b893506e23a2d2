import { pause } from "../../../kernel/index.ts";

/** A wait for the next change; it begins when it is made, so that no change between looking and waiting is missed. */
export interface Change {
  readonly done: Promise<void>;
  cancel(): void;
}

export interface Wakers {
  wake(id: string): void;
  /** Ends when the id is woken, the signal aborts, or the time is over that a change elsewhere may go unseen. */
  next(id: string, signal: AbortSignal): Change;
}

export function makeWakers(lookMs: number): Wakers {
  const waiting = new Map<string, Set<() => void>>();
  return {
    wake: (id) => {
      for (const cancel of waiting.get(id) ?? []) cancel();
    },
    next: (id, signal) => {
      const woken = new AbortController();
      const cancel = () => woken.abort();
      const mine = waiting.get(id) ?? new Set();
      waiting.set(id, mine.add(cancel));
      signal.addEventListener("abort", cancel, { once: true });
      if (signal.aborted) cancel();
      const done = pause(lookMs, woken.signal).finally(() => {
        signal.removeEventListener("abort", cancel);
        mine.delete(cancel);
        if (mine.size === 0 && waiting.get(id) === mine) waiting.delete(id);
      });
      return { cancel, done };
    },
  };
}
