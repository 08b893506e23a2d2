import type { LogLine } from "../../kernel/index.ts";

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
}

/** Reads an app's log, in the order the store took the lines. A reader too slow for its buffer is told with an L11 line. */
export interface LogReader {
  read(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>;
  /** Removes all that is kept of an app's log. */
  forget(appId: string): Promise<void>;
}
