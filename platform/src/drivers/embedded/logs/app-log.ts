import { type Clock, errorText, type Logger } from "../../../kernel/index.ts";
import {
  type IntakeLimits,
  type LineIntake,
  type LogQuery,
  makeLineIntake,
  makeTailBuffer,
  matchesFilter,
  type ReadLine,
  type TailBuffer,
  type TailLimits,
  tailOverflow,
} from "../../../observe/log/index.ts";
import { readHistory } from "./segment-reader.ts";
import type { RetentionLimits } from "./segment-retention.ts";
import { makeSegmentWriter } from "./segment-writer.ts";

export interface AppLogOptions {
  readonly appId: string;
  readonly folder: string;
  readonly now: Clock;
  readonly logger: Logger;
  readonly intake: IntakeLimits;
  readonly tail: TailLimits;
  readonly segmentBytes: number;
  /** Called whenever lines were written: the file is open now, and there is something to sync. */
  readonly onWritten: (log: AppLog) => void;
}

/** Lines that a reader gets together. The first one of a read says where in the log it began, lines or none. */
export interface LogBatch {
  readonly lines: readonly ReadLine[];
  /** The position of the last line before those that follow later. */
  readonly position?: number;
}

/**
 * One app's log: an intake, segments on disk, and readers that follow it. Writing is one block a flush; readers get a
 * line after it was written, never before, so that no line they saw can be missing from the history later.
 */
export interface AppLog {
  readonly intake: LineIntake;
  /** Writes what waits; with `last` also what else would be told or tried again only in a while. */
  flush(last?: boolean): Promise<void>;
  sync(): Promise<void>;
  /** True when there are segments that are no longer written and not sealed yet. */
  isSealable(): boolean;
  read(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogBatch>;
  /** Closes the file; the next flush opens it again. */
  rest(): Promise<void>;
  /** True while it is read, waits to write, or knows of a process that wrote lately: it must stay in memory then. */
  isInUse(): boolean;
  /** Ends the segment being written when it holds at least `bytes`, so that it can be sealed. */
  retire(bytes: number): Promise<void>;
  /** Not to be called while another `seal` or `expire` of this log runs. */
  seal(): Promise<number>;
  expire(limits: RetentionLimits): Promise<void>;
  forget(): Promise<void>;
}

/** Most lines a history holds, and most that are handed to a reader that resumes. */
export const HISTORY_LINES = 1_500;
const RESUME_LINES = 10_000;
const SCAN_LINES = 200_000;
const RETRY_MS = 1_000;

interface Tail {
  readonly query: LogQuery;
  readonly buffer: TailBuffer;
}

export function makeAppLog(options: AppLogOptions): AppLog {
  const { appId, now, logger } = options;
  const intake = makeLineIntake(appId, options.intake, now);
  const writer = makeSegmentWriter(options);
  const tails = new Set<Tail>();
  const inOrder = makeQueue();
  let failedAt: number | undefined;
  let readers = 0;

  const flushNow = async (last: boolean): Promise<void> => {
    const isTooSoon = failedAt !== undefined && now().getTime() - failedAt < RETRY_MS;
    if (intake.isEmpty() || (isTooSoon && !last)) return;
    const batch = intake.drain(last);
    if (batch.lines.length === 0) return;
    try {
      const first = await writer.append(batch.lines);
      failedAt = undefined;
      batch.stored();
      options.onWritten(log);
      follow(batch.lines.map((line, i) => ({ ...line, position: first + i })));
    } catch (cause) {
      if (failedAt === undefined)
        logger.error("an app's log cannot be written", { appId, error: errorText(cause) });
      failedAt = now().getTime();
      batch.failed();
      // Those who watch need not lose what the disk cannot hold.
      follow(batch.lines);
    }
  };
  const follow = (lines: readonly ReadLine[]) => {
    for (const { query, buffer } of tails)
      for (const line of lines) if (matchesFilter(query.filter, line)) buffer.push(line);
  };

  /** In one step of the queue: what was written until now is history, everything later goes to the reader's buffer. */
  const begin = (query: LogQuery, tail: Tail): Promise<number> =>
    inOrder(async () => {
      await flushNow(false);
      await writer.load();
      if (query.tail) tails.add(tail);
      return writer.next();
    });
  const history = async (query: LogQuery, before: number): Promise<ReadLine[]> => {
    const { filter, after } = query;
    const lines = after === undefined ? Math.min(query.lines, HISTORY_LINES) : RESUME_LINES;
    if (lines <= 0) return [];
    const wanted = { appId, filter, lines, before, after: after ?? 0, scan: SCAN_LINES };
    const found = await readHistory(writer.segments, wanted, (file, cause) =>
      logger.error("a log segment cannot be read", { file, error: errorText(cause) }),
    );
    if (after === undefined || found.skipped === 0) return [...found.lines];
    const since = found.lines[0]?.time ?? now();
    return [tailOverflow(appId, { count: found.skipped, since }, now()), ...found.lines];
  };

  const isInUse = () => readers > 0 || !intake.isEmpty() || inOrder.isBusy() || !intake.forgetQuiet();
  const log: AppLog = {
    intake,
    isSealable: () => writer.segments().filter((segment) => !segment.sealed).length > 1,
    flush: (last = false) => inOrder(() => flushNow(last)),
    sync: () => inOrder(writer.sync),
    async *read(query, signal) {
      const tail: Tail = { query, buffer: makeTailBuffer(appId, options.tail, now) };
      readers++;
      try {
        const before = await begin(query, tail);
        yield { lines: await history(query, before), position: before - 1 };
        while (query.tail && !signal.aborted) {
          const lines = tail.buffer.take();
          if (lines.length > 0) yield { lines };
          await tail.buffer.wait(signal);
        }
      } finally {
        tails.delete(tail);
        readers--;
      }
    },
    rest: () => inOrder(writer.rest),
    isInUse,
    retire: (bytes) =>
      inOrder(async () => {
        await writer.load();
        const active = writer.segments().at(-1);
        if (active && !active.sealed && active.bytes >= bytes) await writer.retire();
      }),
    seal: writer.seal,
    async expire(limits) {
      await inOrder(writer.load);
      await writer.expire(limits, now().getTime());
    },
    forget: () =>
      inOrder(async () => {
        intake.drain(true);
        await writer.remove();
      }),
  };
  return log;
}

interface Queue {
  <T>(work: () => Promise<T>): Promise<T>;
  isBusy(): boolean;
}

/** Runs one piece of work at a time, in the order they were given; a failure is its own caller's alone. */
function makeQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const run = <T>(work: () => Promise<T>): Promise<T> => {
    waiting++;
    const mine = last.then(work).finally(() => waiting--);
    last = mine.catch(() => {});
    return mine;
  };
  return Object.assign(run, { isBusy: () => waiting > 0 });
}
