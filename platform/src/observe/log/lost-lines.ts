import type { LogLine } from "../../kernel/index.ts";
import { logTime } from "./line-format.ts";

/** Lines that were lost at one place, since the first of them. */
export interface LostLines {
  readonly count: number;
  readonly since: Date;
}

/** Adds to what was lost already; `since` stays that of the first. */
export function loseMore(lost: LostLines | undefined, count: number, now: Date): LostLines {
  return lost ? { count: lost.count + count, since: lost.since } : { count, since: now };
}

/** Tells a tail session that it was too slow (facts: routing, error codes; the wording is that of Heroku's log service). */
export function tailOverflow(appId: string, lost: LostLines, now: Date): LogLine {
  const message = `Error L11 (Tail buffer overflow) -> This tail session dropped ${count(lost)} since ${logTime(lost.since)}.`;
  return { appId, time: now, source: "heroku", process: "logplex", message };
}

/** Tells that a process wrote faster than its lines could be taken. It stands under that process's own name. */
export function localOverflow(appId: string, process: string, lost: LostLines, now: Date): LogLine {
  const message = `Error L12 (Local buffer overflow): ${count(lost)} dropped since ${logTime(lost.since)}.`;
  return { appId, time: now, source: "heroku", process, message };
}

/** Tells that lines could not be given to the log store, or the store could not write them. */
export function deliveryError(appId: string, lost: LostLines, now: Date): LogLine {
  const message = `Error L13 (Local delivery error): ${count(lost)} lost since ${logTime(lost.since)}.`;
  return { appId, time: now, source: "heroku", process: "logplex", message };
}

function count({ count }: LostLines): string {
  return `${count} messages`;
}
