import { type Clock, errorText, type Logger } from "../../../kernel/index.ts";
import {
  type LogQuery,
  makeTailBuffer,
  matchesFilter,
  type ReadLine,
  type TailBuffer,
  type TailLimits,
  tailOverflow,
} from "../../../observe/log/index.ts";
import type { Segment } from "./segment-files.ts";
import { readHistory } from "./segment-reader.ts";

export interface LogFollowersOptions {
  readonly appId: string;
  readonly tail: TailLimits;
  readonly now: Clock;
  readonly logger: Logger;
  readonly segments: () => readonly Segment[];
  /**
   * Brings everything that was written so far into the segments, calls `join` while nothing is written, and returns
   * the position of the first line that comes after that.
   */
  readonly settle: (join: () => void) => Promise<number>;
}

/** Lines that a reader gets together. The first one of a read says where in the log it began, lines or none. */
export interface LogBatch {
  readonly lines: readonly ReadLine[];
  /** The position of the last line before those that follow later. */
  readonly position?: number;
}

/** The readers of one app's log. What was settled when a reader joins is its history, all later lines are followed. */
export interface LogFollowers {
  follow(lines: readonly ReadLine[]): void;
  read(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogBatch>;
  count(): number;
}

/** Most lines a history holds, most that a reader that resumes is handed, and most that are looked at for either. */
const HISTORY_LINES = 1_500;
const RESUME_LINES = 10_000;
const SCAN_LINES = 200_000;

export function makeLogFollowers(options: LogFollowersOptions): LogFollowers {
  const { appId, now } = options;
  const tails = new Set<{ query: LogQuery; buffer: TailBuffer }>();
  let count = 0;
  return {
    follow(lines) {
      for (const { query, buffer } of tails)
        for (const line of lines) if (matchesFilter(query.filter, line)) buffer.push(line);
    },
    async *read(query, signal) {
      const tail = { query, buffer: makeTailBuffer(appId, options.tail, now) };
      count++;
      try {
        const before = await options.settle(() => query.tail && tails.add(tail));
        yield { lines: await history(options, query, before), position: before - 1 };
        while (query.tail && !signal.aborted) {
          const lines = tail.buffer.take();
          if (lines.length > 0) yield { lines };
          await tail.buffer.wait(signal);
        }
      } finally {
        tails.delete(tail);
        count--;
      }
    },
    count: () => count,
  };
}

async function history(
  { appId, now, logger, segments }: LogFollowersOptions,
  { filter, lines: asked, after }: LogQuery,
  before: number,
): Promise<readonly ReadLine[]> {
  const lines = after === undefined ? Math.min(asked, HISTORY_LINES) : RESUME_LINES;
  if (lines <= 0) return [];
  const wanted = { appId, filter, lines, before, after: after ?? 0, scan: SCAN_LINES };
  const found = await readHistory(segments, wanted, (file, cause) =>
    logger.error("a log segment cannot be read", { file, error: errorText(cause) }),
  );
  if (found.skipped === 0) return found.lines;
  const since = found.lines[0]?.time ?? now();
  return [tailOverflow(appId, { count: found.skipped, since }, now()), ...found.lines];
}
