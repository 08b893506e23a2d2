import { processIds, readIfThere } from "./passing-files.ts";

/** A process by its id and the moment it started, in clock ticks: ids are used again. */
export interface ProcessMark {
  readonly pid: number;
  readonly startTime: string;
  readonly command: string;
}

interface Stat extends ProcessMark {
  readonly parent: number;
}

/** The processes below one, dynos included, itself left out. */
export function processesBelow(pid: number): readonly ProcessMark[] {
  const all = processIds().flatMap((id) => readStat(id) ?? []);
  const below = new Set([pid]);
  for (let before = 0; before !== below.size; ) {
    before = below.size;
    for (const { pid: child, parent } of all) if (below.has(parent)) below.add(child);
  }
  below.delete(pid);
  return all.filter((stat) => below.has(stat.pid));
}

/** Those that still live. One that has ended and was not waited for by its parent does not. */
export function alive(marks: readonly ProcessMark[]): readonly ProcessMark[] {
  return marks.filter(({ pid, startTime }) => readStat(pid)?.startTime === startTime);
}

/** Processes that were given this variable. */
export function processesWith(variable: string, value: string): readonly number[] {
  return processIds().filter((pid) =>
    readIfThere(`/proc/${pid}/environ`).split("\0").includes(`${variable}=${value}`),
  );
}

function readStat(pid: number): Stat | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const end = stat.lastIndexOf(")");
  const [state, parent, ...rest] = stat.slice(end + 2).split(" ");
  const startTime = rest[17];
  if (state === undefined || state === "Z" || state === "X" || startTime === undefined) return undefined;
  return { pid, parent: Number(parent), startTime, command: stat.slice(stat.indexOf("("), end + 1) };
}
