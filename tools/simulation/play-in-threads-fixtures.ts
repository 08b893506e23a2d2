import { Worker } from "node:worker_threads";
import { type Played, Progress, SAY_EVERY_MS } from "./play-progress-fixtures.ts";
import type { Failure } from "./schedule-report-fixtures.ts";
import { FailureReport, type Seeds } from "./simulate-fixtures.ts";

export interface PlayOptions extends Seeds {
  /** Threads that play. What is told does not depend on their number. */
  readonly workers: number;
  readonly say: (line: string) => void;
  /** An abort ends the run at once; what was played until then counts. */
  readonly signal: AbortSignal;
}

/** Seeds that a thread is given at a time. */
const BATCH = 200;

/**
 * Plays the schedules of seeds in several threads, and tells of the failures in the order of their seeds.
 * Throws when a thread ends by itself.
 */
export async function playInThreads(options: PlayOptions): Promise<Played> {
  const { seed, count, workers, signal, say } = options;
  const progress = new Progress(count);
  const report = new FailureReport(say);
  const waiting = new Map<number, readonly Failure[]>();
  let given = 0;
  let told = 0;
  let telling = Promise.resolve();
  const take = (batch: number, failures: readonly Failure[]) => {
    waiting.set(batch, failures);
    for (let next = waiting.get(told); next; next = waiting.get(told)) {
      waiting.delete(told);
      told += BATCH;
      for (const failure of next) telling = telling.then(() => report.tell(failure));
    }
  };
  const thread = async () => {
    const worker = new Worker(new URL("./seed-thread-fixtures.ts", import.meta.url));
    try {
      while (given < count && !signal.aborted) {
        const batch = given;
        given += BATCH;
        const seeds = { seed: seed + batch, count: Math.min(BATCH, count - batch) };
        const failures = await ask(worker, seeds, signal);
        if (!failures) break;
        progress.add(seeds.count, failures.length);
        take(batch, failures);
      }
    } finally {
      await worker.terminate();
    }
  };
  const timer = setInterval(() => say(progress.line()), SAY_EVERY_MS);
  try {
    await Promise.all(Array.from({ length: Math.min(workers, Math.ceil(count / BATCH)) }, thread));
  } finally {
    clearInterval(timer);
  }
  await telling;
  // After an abort: those of batches before which one was not played to its end.
  for (const [, failures] of [...waiting].toSorted(([a], [b]) => a - b))
    for (const failure of failures) await report.tell(failure);
  return progress.end();
}

/** Undefined when the signal aborts first. */
function ask(worker: Worker, seeds: Seeds, signal: AbortSignal): Promise<readonly Failure[] | undefined> {
  const asked = Promise.withResolvers<readonly Failure[] | undefined>();
  const over = () => asked.resolve(undefined);
  const ended = (code: number) => asked.reject(new Error(`a thread ended with ${code}`));
  worker.once("message", asked.resolve).once("error", asked.reject).once("exit", ended);
  signal.addEventListener("abort", over);
  worker.postMessage(seeds);
  return asked.promise.finally(() => {
    worker.off("message", asked.resolve).off("error", asked.reject).off("exit", ended);
    signal.removeEventListener("abort", over);
  });
}
