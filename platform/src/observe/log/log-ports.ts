import type { LogLine, LogSink } from "../../kernel/index.ts";

/** Which lines of an app's log a reader wants. All fields that are given must match. */
export interface LogFilter {
  readonly source?: string;
  /** A dyno's name, matched whole. */
  readonly dyno?: string;
  /** A process type: matches `web` for `web.1`. */
  readonly processType?: string;
}

export interface LogQuery {
  readonly appId: string;
  readonly filter: LogFilter;
  /** Newest lines of history to start with, at most 1,500. */
  readonly lines: number;
  /** Go on with new lines until the signal aborts. */
  readonly tail: boolean;
  /** Start behind this position instead of with `lines` of history: a reader that was cut off goes on where it was. */
  readonly after?: number;
}

/**
 * A line as a reader gets it. `position` grows along an app's log and is never used twice; a line made for this
 * reader alone (L11) has none.
 */
export interface ReadLine extends LogLine {
  readonly position?: number;
}

/**
 * Reads an app's log, in the order the store took the lines. A reader too slow for its buffer is told with an L11 line.
 * An app that never logged has an empty log.
 */
export interface LogReader {
  read(query: LogQuery, signal: AbortSignal): AsyncIterable<ReadLine>;
  /** Removes all that is kept of an app's log. */
  forget(appId: string): Promise<void>;
}

/**
 * A sink that tells beforehand when a process is over its budget, so that output which would be dropped anyway need
 * not be decoded and cut into lines.
 */
export interface BudgetedLogSink extends LogSink {
  /** False while a line of this process would be dropped. */
  hasRoom(appId: string, process: string): boolean;
  /** Counts lines the caller dropped because there was no room; they are told as L12. */
  countDropped(appId: string, process: string, lines: number): void;
}
