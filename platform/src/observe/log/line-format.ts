import type { LogLine } from "../../kernel/index.ts";

/** The latest moment that four digits of year can tell. */
const LAST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const LINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\d{3}\+00:00 (app|heroku)\[([^\]\s]*)\]: (.*)$/s;

/**
 * The time as log lines show it: `2026-01-02T03:04:05.678000+00:00`. Six digits of a second are the form; the clock
 * gives three. Times that do not fit four digits of year are moved to the nearest one that does.
 */
export function logTime(time: Date): string {
  const ms = Math.min(Math.max(time.getTime() || 0, 0), LAST_TIME);
  return `${new Date(ms).toISOString().slice(0, 23)}000+00:00`;
}

/** The line as `heroku logs` shows it: `<time> <source>[<process>]: <message>` (facts: observability §1). */
export function formatLine(line: Omit<LogLine, "appId">): string {
  return `${logTime(line.time)} ${line.source}[${line.process}]: ${line.message}`;
}

/** Lines in that form, each with its line break; lines of the same moment share the work of telling it. */
export function formatLines(lines: readonly Omit<LogLine, "appId">[]): string {
  let ms = Number.NaN;
  let told = "";
  let text = "";
  for (const { time, source, process, message } of lines) {
    if (time.getTime() !== ms) {
      ms = time.getTime();
      told = logTime(time);
    }
    text += `${told} ${source}[${process}]: ${message}\n`;
  }
  return text;
}

/** The inverse of `formatLine`; undefined when the text is not such a line. */
export function parseLine(text: string, appId: string): LogLine | undefined {
  const found = LINE.exec(text);
  if (!found) return undefined;
  const [, time = "", source = "", process = "", message = ""] = found;
  return { appId, time: new Date(`${time}Z`), source: source as LogLine["source"], process, message };
}

/** A process name fit for the brackets: letters, digits, `.`, `_` and `-`, at most 64 of them. */
export function safeProcess(name: string): string {
  if (/^[\w.-]{1,64}$/.test(name)) return name;
  return name.replace(/[^\w.-]/g, "_").slice(0, 64) || "unknown";
}
