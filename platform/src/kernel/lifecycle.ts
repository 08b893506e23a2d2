import { errorText } from "./errors.ts";

/** What starts returns this: how to stop it. Stopping twice is the same as stopping once. */
export interface Running {
  /** Ends the work in good order; rejects only when something is left behind. */
  stop(): Promise<void>;
}

export interface Part {
  readonly name: string;
  start(): Promise<Running>;
}

/**
 * Starts parts in the listed order; `stop` ends them in reverse, each within `stopWithinMs`.
 * When a start fails, those already running are stopped before the failure is thrown on.
 */
export async function startParts(parts: readonly Part[], stopWithinMs: number): Promise<Running> {
  const running: { name: string; part: Running }[] = [];
  const stopAll = async () => {
    const failures: unknown[] = [];
    for (let last = running.pop(); last; last = running.pop()) {
      await within(stopWithinMs, last.part.stop(), `stopping ${last.name}`).catch((e) => failures.push(e));
    }
    if (failures.length > 0) throw new AggregateError(failures, "some parts did not stop");
  };
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= stopAll();
    return stopped;
  };
  for (const { name, start } of parts) {
    try {
      running.push({ name, part: await start() });
    } catch (cause) {
      await stop().catch(() => {});
      throw new Error(`starting ${name}: ${errorText(cause)}`, { cause });
    }
  }
  return { stop };
}

/** Rejects when the work takes longer than `ms`; the work itself is not cancelled. */
export async function within<T>(ms: number, work: Promise<T>, doing: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${doing} took longer than ${ms} ms`)), ms);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
