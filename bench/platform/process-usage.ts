import { processIds, readIfThere } from "../../conformance/src/passing-files.ts";

/** Sum of the proportional set sizes of a process and all below it, in MB of 2^20 bytes. */
export function treePssMb(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + pssKb(pid), 0) / 1_024;
}

/** A process and all below it. */
export function processTree(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const pid of processIds()) {
    const parent = parentOf(pid);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(below)];
  return below(root);
}

/** Proportional set size of a process, in KiB; 0 when it is gone. */
export function pssKb(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
}

/**
 * Seconds of a processor that a process has taken, for itself and in the kernel; with those of its children that have ended
 * and been waited for, if asked. 0 when it is gone. (proc_pid_stat(5))
 */
export function cpuSeconds(pid: number, { andEnded = false } = {}): number {
  const ticks = statOf(pid).slice(11, andEnded ? 15 : 13);
  return ticks.reduce((sum, count) => sum + Number(count), 0) / TICKS_PER_SECOND;
}

/** The process that a process is below; 0 for the first one, and no number when it is gone. */
export function parentOf(pid: number): number {
  return Number(statOf(pid)[1]);
}

/** Of the kernel's accounts in /proc: always 100 a second on Linux for the architectures there are. */
const TICKS_PER_SECOND = 100;

/** The fields from the state on. The command's name before it, in parentheses, may hold blanks. */
function statOf(pid: number): readonly string[] {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
