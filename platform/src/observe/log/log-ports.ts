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

/** How far a stream of lines was taken: up to a byte of one of the files it comes in. */
export interface StreamPlace {
  /** A name that no other file of the stream has, and that the file keeps when it is renamed or compressed. */
  readonly file: string;
  readonly offset: number;
}

/**
 * Lines that somebody wrote one after the other, and the part of a file that held them. Whoever reads the file again
 * after a crash may cut it elsewhere, but only between lines.
 */
export interface StreamPiece {
  /** Names what wrote the lines; never used again for anything else. */
  readonly stream: string;
  readonly appId: string;
  readonly file: string;
  readonly from: number;
  readonly to: number;
  readonly lines: readonly LogLine[];
  /** Nothing follows: what wrote the lines has ended, and everything was read. */
  readonly ended?: boolean;
}

/** Takes each line of a stream once, however often it is sent. */
export interface LogStreams {
  /**
   * Resolves when the store has the lines, with the place behind which each piece's stream goes on. Where
   * that is not the piece's end, the piece was not taken, and the sender must read on from there. Throws when nothing can be taken now.
   */
  take(pieces: readonly StreamPiece[], signal?: AbortSignal): Promise<readonly StreamPlace[]>;
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
