import { BusinessError, type Clock, errorText, type Logger } from "../../../kernel/index.ts";
import {
  type IntakeLimits,
  type LineIntake,
  type LogQuery,
  makeLineIntake,
  type StreamPiece,
  type StreamPlace,
  type TailLimits,
} from "../../../observe/log/index.ts";
import { type LogBatch, makeLogFollowers } from "./log-followers.ts";
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

/**
 * One app's log: an intake, segments on disk, and readers that follow it. Writing is one block a flush; readers get a
 * line after it was written, never before, so that no line they saw can be missing from the history later.
 */
export interface AppLog {
  readonly intake: LineIntake;
  /** True when nothing waits to be written. */
  isEmpty(): boolean;
  /** Takes what is new in a piece of a stream, and tells where the stream stands then; `flush` writes it. */
  takePiece(piece: StreamPiece): Promise<StreamPlace>;
  /** Writes what waits; with `last` also what else would be told or tried again only in a while. */
  flush(last?: boolean): Promise<void>;
  sync(): Promise<void>;
  read(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogBatch>;
  /** Closes the file; the next flush opens it again. */
  rest(): Promise<void>;
  /** True while it is read, waits to write, or knows of a process that wrote lately: it must stay in memory then. */
  isInUse(): boolean;
  /** True when there are segments that are no longer written and not sealed yet. */
  isSealable(): boolean;
  /** Ends the segment being written when it holds at least `bytes`, so that it can be sealed. */
  retire(bytes: number): Promise<void>;
  /** Not to be called while another `seal` or `expire` of this log runs. */
  seal(): Promise<void>;
  expire(limits: RetentionLimits): Promise<void>;
  forget(): Promise<void>;
}

const RETRY_MS = 1_000;

export function makeAppLog(options: AppLogOptions): AppLog {
  const { appId, now, logger } = options;
  const intake = makeLineIntake(appId, options.intake, now);
  const writer = makeSegmentWriter(options);
  const { list, marks } = writer;
  const inOrder = makeQueue();
  let failedAt: number | undefined;

  const isEmpty = () => intake.isEmpty() && !marks.isDirty();
  const flushNow = async (last: boolean): Promise<void> => {
    const isTooSoon = failedAt !== undefined && now().getTime() - failedAt < RETRY_MS;
    if (isEmpty() || (isTooSoon && !last)) return;
    const batch = intake.drain(last);
    if (batch.lines.length === 0 && !marks.isDirty()) return;
    try {
      const first = await writer.append(batch.lines);
      failedAt = undefined;
      batch.stored();
      options.onWritten(log);
      followers.follow(batch.lines.map((line, i) => ({ ...line, position: first + i })));
    } catch (cause) {
      if (failedAt === undefined)
        logger.error("an app's log cannot be written", { appId, error: errorText(cause) });
      failedAt = now().getTime();
      batch.failed();
      // Those who watch need not lose what the disk cannot hold.
      followers.follow(batch.lines);
    }
  };
  const settle = (join: () => void): Promise<number> =>
    inOrder(async () => {
      await flushNow(false);
      await list.load();
      join();
      return list.next();
    });
  const followers = makeLogFollowers({ ...options, segments: list.all, settle });
  const log: AppLog = {
    intake,
    isEmpty,
    takePiece: (piece) =>
      inOrder(async () => {
        await writer.load();
        if (intake.waiting() > options.intake.characters / 2)
          throw new BusinessError("unavailable", "The log cannot be written at the moment.");
        return marks.place(piece, () => {
          for (const line of piece.lines) intake.take(line, line.time);
        });
      }),
    flush: (last = false) => inOrder(() => flushNow(last)),
    sync: () => inOrder(writer.sync),
    read: followers.read,
    rest: () => inOrder(writer.rest),
    isInUse: () => followers.count() > 0 || !isEmpty() || inOrder.isBusy() || !intake.forgetQuiet(),
    isSealable: () => list.all().filter((segment) => !segment.sealed).length > 1,
    retire: (bytes) =>
      inOrder(async () => {
        await list.load();
        if ((list.active()?.bytes ?? 0) >= bytes) await writer.retire();
      }),
    async seal() {
      await inOrder(list.load);
      await list.seal();
    },
    async expire(limits) {
      await inOrder(list.load);
      await list.expire(limits, now().getTime());
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
