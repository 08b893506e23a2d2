import type { LogLine } from "../../kernel/index.ts";
import type { LogFilter } from "./log-ports.ts";

/**
 * Whether a line passes the filter. `dyno` is what stands in the brackets, matched whole, or, when it has no number,
 * the process type: `heroku logs --dyno-name web` sends it for both (facts: observability §1).
 */
export function matchesFilter(filter: LogFilter, line: Pick<LogLine, "source" | "process">): boolean {
  const { source, dyno, processType } = filter;
  if (source !== undefined && line.source !== source) return false;
  if (dyno !== undefined && !isDyno(dyno, line.process)) return false;
  return processType === undefined || isType(processType, line.process);
}

function isDyno(dyno: string, process: string): boolean {
  return process === dyno || (!dyno.includes(".") && isType(dyno, process));
}

function isType(type: string, process: string): boolean {
  return process === type || (process.startsWith(type) && process[type.length] === ".");
}
