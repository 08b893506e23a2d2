import { type Clock, type Logger, type LogLevel, makeLogger, systemClock } from "../kernel/index.ts";

/** Where a process's lines go; a pipe holds back what its reader has not taken. */
export interface LogOutput {
  readonly writableLength: number;
  write(text: string): unknown;
}

export interface ProcessLoggerOptions {
  readonly output?: LogOutput;
  readonly now?: Clock;
  /** Told of each line that is lost. */
  readonly lost?: () => void;
  /** Bytes that may wait for the reader. Default 1 MiB. */
  readonly waitingBytes?: number;
}

const WAITING_BYTES = 1024 * 1024;

/**
 * A role's own log: one JSON object a line on standard output, which the supervisor keeps in files. A reader that does not
 * read costs lines, and the next line that gets through says how many; the process neither waits nor grows.
 */
export function makeProcessLogger(role: string, level: LogLevel, options: ProcessLoggerOptions = {}): Logger {
  const { output = process.stdout, now = systemClock, waitingBytes = WAITING_BYTES } = options;
  let lost = 0;
  const logger = makeLogger({
    ...{ role, level, now },
    write: (line) => {
      if (output.writableLength > waitingBytes) {
        lost += 1;
        options.lost?.();
        return;
      }
      const before = lost;
      lost = 0;
      if (before > 0) logger.error("lines of this log were lost", { lost: before });
      output.write(line);
    },
  });
  return logger;
}
