import { type LogLine, type LogSink, pause } from "../../../kernel/index.ts";

/** Something to wait for; the signal aborts when nobody waits any more. */
export type Awaited = (limit: AbortSignal) => Promise<unknown>;

/** Lines of the dyno manager, in the place in a dyno's log where they belong. */
export interface LinesInOrder {
  /**
   * Writes the line at once, or after the dyno's lines before it. `after`: what must have been written first, the output
   * of a process whose end the line tells of; it is waited for within bounds.
   */
  write(dynoId: string, line: LogLine, after?: Awaited): void;
  /** Resolves when every line is written. */
  close(): Promise<void>;
}

const WAIT_MS = 2_000;

/** The end of a process is heard of over another connection than what it wrote, and often earlier. */
export function makeLinesInOrder(sink: LogSink, waitMs = WAIT_MS): LinesInOrder {
  const last = new Map<string, Promise<void>>();
  const writeAfter = async (before: Promise<void> | undefined, after?: Awaited) => {
    await before;
    if (after) await within(after, waitMs);
  };
  return {
    write: (dynoId, line, after) => {
      const before = last.get(dynoId);
      if (!before && !after) return sink.write(line);
      const mine: Promise<void> = writeAfter(before, after).then(() => {
        sink.write(line);
        if (last.get(dynoId) === mine) last.delete(dynoId);
      });
      last.set(dynoId, mine);
    },
    close: async () => void (await Promise.all(last.values())),
  };
}

async function within(work: Awaited, ms: number): Promise<void> {
  const over = new AbortController();
  await Promise.race([work(over.signal).catch(() => {}), pause(ms, over.signal)]);
  over.abort();
}
