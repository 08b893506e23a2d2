import { errorText } from "./errors.ts";
import { newId } from "./ids.ts";

/** Named fields of a log line. Secrets never go in here. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Conifer's own log (not the apps' logs): a constant message and named fields, one JSON object a line.
 * `with` gives a logger scoped to an app, dyno or request.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  with(fields: LogFields): Logger;
}

export type LogLevel = "debug" | "info" | "warn" | "error";
const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export interface LoggerOptions {
  /** The process's role, such as `control`. */
  readonly role: string;
  readonly level: LogLevel;
  readonly write: (line: string) => void;
  readonly now: () => Date;
}

export function makeLogger(options: LoggerOptions, scope: LogFields = {}): Logger {
  const threshold = LEVELS.indexOf(options.level);
  const log = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (LEVELS.indexOf(level) < threshold) return;
    const line = {
      time: options.now().toISOString(),
      level,
      role: options.role,
      message,
      ...scope,
      ...fields,
    };
    options.write(`${asJson(line)}\n`);
  };
  return {
    debug: log("debug"),
    info: log("info"),
    warn: log("warn"),
    error: log("error"),
    with: (fields) => makeLogger(options, { ...scope, ...fields }),
  };
}

/** Logging never fails: what cannot be written as JSON is left out, and the line says so. */
function asJson(line: LogFields): string {
  try {
    return JSON.stringify(line, asPlain);
  } catch (thrown) {
    const { time, level, role, message } = line;
    return JSON.stringify({ time, level, role, message, fields_left_out: errorText(thrown) });
  }
}

function asPlain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (!(value instanceof Error)) return value;
  return { message: value.message, stack: value.stack, ...(value.cause ? { cause: value.cause } : {}) };
}

/**
 * Logs a failure of ours and returns the id under which the log has it: whoever met the failure is told the id and nothing
 * else of it.
 */
export function logFailure(logger: Logger, message: string, fields: LogFields): string {
  const id = newId();
  logger.error(message, { error_id: id, ...fields });
  return id;
}

/** For tests and for code that has nowhere to log to. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLogger,
};
