import { readdirSync, readFileSync } from "node:fs";

/** Processes below `pid`, itself included, parents first. Those that end meanwhile are left out. */
export function processTree(pid: number): number[] {
  const found: number[] = [];
  const queue = [pid];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const children = childrenOf(next);
    if (!children) continue;
    found.push(next);
    queue.push(...children);
  }
  return found;
}

/** Undefined when there is no such process. A child belongs to the thread that made it. */
export function childrenOf(pid: number): number[] | undefined {
  const threads = quietly(() => readdirSync(`/proc/${pid}/task`));
  return threads?.flatMap((thread) => {
    const text = quietly(() => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8")) ?? "";
    return text.split(" ").filter(Boolean).map(Number);
  });
}

/**
 * When the process started, in clock ticks since boot: together with its id it names one process for ever.
 * Undefined when there is none, or only its exit status is left for a parent that has not asked yet.
 * (proc_pid_stat(5), fields 3 and 22; the name in field 2 may hold anything)
 */
export function startTimeOf(pid: number): string | undefined {
  const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" || fields?.[0] === "X" ? undefined : fields?.[19];
}

/** The session of a process, named by the process that began it; undefined when there is no such process. (field 6) */
export function sessionOf(pid: number): number | undefined {
  const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  const session = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[3];
  return session === undefined ? undefined : Number(session);
}

/** The arguments a process was started with; empty when it is gone. */
export function argumentsOf(pid: number): string[] {
  return (quietly(() => readFileSync(`/proc/${pid}/cmdline`, "utf8")) ?? "").split("\0").slice(0, -1);
}

/** Whether a process that still looks alive has been sent SIGKILL and only needs to run to end. */
export function isBeingKilled(pid: number): boolean {
  return killPends(quietly(() => readFileSync(`/proc/${pid}/status`, "utf8")) ?? "");
}

/** `status` is what `/proc/<pid>/status` holds: SIGKILL is the ninth bit of the signals that pend. (proc_pid_status(5)) */
export function killPends(status: string): boolean {
  const pending = /^ShdPnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  return (BigInt(`0x${pending}`) & 0x100n) !== 0n;
}

/** Resident memory in bytes of one process; 0 when it is gone. */
export function residentBytes(pid: number): number {
  const pages = quietly(() => readFileSync(`/proc/${pid}/statm`, "utf8"))?.split(" ")[1];
  return Number(pages ?? 0) * 4096;
}

/** Memory in bytes of one process, of pages shared by several its part of each; 0 when that cannot be read. (proc_pid_smaps(5)) */
export function proportionalBytes(pid: number): number {
  const rollup = quietly(() => readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")) ?? "";
  return Number(/^Pss: +(\d+) kB$/m.exec(rollup)?.[1] ?? 0) * 1_024;
}

/** What belongs to a process goes with it at any moment, and where it is another's it may not be read. */
export function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
