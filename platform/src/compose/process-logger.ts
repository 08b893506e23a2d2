import { type Logger, type LogLevel, makeLogger, systemClock } from "../kernel/index.ts";

/** A role's diagnostics: one JSON object a line on standard output, which the supervisor keeps in a bounded file. */
export function makeProcessLogger(role: string, level: LogLevel): Logger {
  return makeLogger({ role, level, now: systemClock, write: (line) => process.stdout.write(line) });
}
