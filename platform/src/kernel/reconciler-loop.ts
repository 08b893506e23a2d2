import { errorText } from "./errors.ts";
import { type KeyCause, makeKeyQueue } from "./key-queue.ts";
import type { Running } from "./lifecycle.ts";
import type { Logger } from "./logger.ts";
import { type Outcome, pause } from "./waiting.ts";

export interface ReconcilerOptions {
  readonly name: string;
  /** Makes the world agree with the record for one key. Idempotent; an abort leaves the rest to the next start. */
  reconcile(key: string, signal: AbortSignal): Promise<Outcome>;
  /** Every key that may need work: the level that events are only hints about. */
  list(): Promise<readonly string[]>;
  readonly concurrency: number;
  readonly relistMs: number;
  readonly logger: Logger;
  /** Told at the begin of each round how long its key has waited for it, in seconds. */
  readonly began?: (waitedSeconds: number) => void;
}

export interface Reconciler extends Running {
  /**
   * Hints that a key may need work. Hints for a key that is being worked on lead to one more round after it. Keys of which a
   * hint came go before those that are only listed: whoever changes something is not to wait for ten thousand others.
   */
  poke(key: string): void;
  /** Has a key looked at as if it were listed. */
  remind(key: string): void;
  /** Looks at the whole list now: hints may have been lost. */
  relist(): void;
}

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 30_000;
/**
 * Rounds that begin before the event loop has its turn. A round that finds nothing to do may never wait for anything, and
 * thousands of them in a row would keep the process from answering, its probes of life included.
 */
const ROUNDS_A_TURN = 16;

/** Runs a reconciler: one round at a time for each key, retried with growing pauses, and all keys on a timer. */
export function startReconciler(options: ReconcilerOptions): Reconciler {
  const stopping = new AbortController();
  const queue = makeKeyQueue();
  const again = makeKeyQueue();
  const timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly cause: KeyCause }>();
  const failures = new Map<string, number>();
  const running = new Map<string, Promise<void>>();

  const poke = (key: string, cause: KeyCause, since = performance.now()) => {
    if (stopping.signal.aborted) return;
    const awaited = forgetTimer(key);
    (running.has(key) ? again : queue).put({ key, cause: awaited === "hint" ? awaited : cause, since });
    fill();
  };
  const forgetTimer = (key: string): KeyCause | undefined => {
    const known = timers.get(key);
    clearTimeout(known?.timer);
    timers.delete(key);
    return known?.cause;
  };
  const later = (key: string, cause: KeyCause, ms: number) => {
    if (stopping.signal.aborted) return;
    forgetTimer(key);
    timers.set(key, { cause, timer: setTimeout(() => poke(key, cause), ms) });
  };
  const fill = () => {
    while (queue.size() > 0 && running.size < options.concurrency && turns.mayBegin()) {
      const next = queue.take();
      if (!next) return;
      options.began?.((performance.now() - next.since) / 1_000);
      running.set(next.key, round(next.key, next.cause));
    }
  };
  const round = async (key: string, cause: KeyCause) => {
    try {
      const outcome = await options.reconcile(key, stopping.signal);
      failures.delete(key);
      if (outcome.kind === "waiting") later(key, cause, outcome.againInMs);
    } catch (thrown) {
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      const ms = Math.min(FIRST_RETRY_MS * 2 ** (count - 1), LONGEST_RETRY_MS);
      if (!stopping.signal.aborted) {
        options.logger.warn("reconcile failed, will try again", {
          reconciler: options.name,
          key,
          again_in_ms: ms,
          error: errorText(thrown),
        });
      }
      later(key, cause, ms);
    } finally {
      running.delete(key);
      const next = again.remove(key);
      if (next) poke(key, next.cause, next.since);
      fill();
    }
  };
  const turns = makeTurns(ROUNDS_A_TURN, fill);
  // What waits for something may have missed a hint; what has failed keeps its pause.
  const pokeAll = (keys: readonly string[]) => {
    for (const key of keys) if (!failures.has(key)) poke(key, "list");
  };
  const listing = keepListing(options, pokeAll, stopping.signal);
  return {
    poke: (key) => poke(key, "hint"),
    remind: (key) => poke(key, "list"),
    relist: listing.again,
    stop: async () => {
      stopping.abort();
      for (const { timer } of timers.values()) clearTimeout(timer);
      turns.stop();
      queue.clear();
      await Promise.all([listing.ended, ...running.values()]);
    },
  };
}

/** Lets so many begin in a turn of the event loop; `goOn` is called in the next when there were more. */
function makeTurns(most: number, goOn: () => void) {
  let begun = 0;
  let next: NodeJS.Immediate | undefined;
  return {
    mayBegin(): boolean {
      if (begun < most) {
        begun += 1;
        return true;
      }
      next ??= setImmediate(() => {
        next = undefined;
        begun = 0;
        goOn();
      });
      return false;
    },
    stop: () => clearImmediate(next),
  };
}

/** Lists the keys at once, on a timer, and whenever it is told to. */
function keepListing(
  { name, list, relistMs, logger }: ReconcilerOptions,
  take: (keys: readonly string[]) => void,
  signal: AbortSignal,
) {
  let wake = () => {};
  const loop = async () => {
    while (!signal.aborted) {
      const woken = new AbortController();
      wake = () => woken.abort();
      try {
        take(await list());
      } catch (thrown) {
        logger.warn("listing failed, will try again", { reconciler: name, error: errorText(thrown) });
      }
      await pause(relistMs, AbortSignal.any([signal, woken.signal]));
    }
  };
  return { again: () => wake(), ended: loop() };
}
