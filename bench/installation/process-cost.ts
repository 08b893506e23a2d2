import { basename } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { findNodes, type SeenProcess, seeProcesses } from "../../tools/cluster/cluster-processes.ts";
import { cpuSeconds, parentOf, pssKb } from "../platform/process-usage.ts";
import { CONTROL_PLANE } from "./paused-programs.ts";

/** What the processes of a role, or of one of the cluster's own programs, take together. */
export interface Cost {
  readonly processes: number;
  /** MB of 2^20 bytes, shared pages counted in parts. */
  readonly memoryMb: number;
  /** Seconds of a processor in a minute. */
  readonly cpuSecondsPerMinute: number;
}

/** Counts for so long, while nothing else is asked of the installation. */
export async function countCost(cluster: string, seconds: number): Promise<Readonly<Record<string, Cost>>> {
  const before = groups(cluster);
  const cpuBefore = new Map([...before].map(([name, pids]) => [name, sum(pids, cpuSeconds)]));
  await wait(seconds * 1_000);
  return Object.fromEntries(
    [...before]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, pids]) => {
        const cpu = ((sum(pids, cpuSeconds) - (cpuBefore.get(name) ?? 0)) / seconds) * 60;
        const memoryMb = Math.round(sum(pids, pssKb) / 1_024);
        return [name, { processes: pids.length, memoryMb, cpuSecondsPerMinute: Number(cpu.toFixed(2)) }];
      }),
  );
}

/** Process ids by role or program, of everything below the cluster's nodes. */
function groups(cluster: string): ReadonlyMap<string, readonly number[]> {
  const processes = seeProcesses();
  const nodes = findNodes(cluster, processes);
  const heads = new Set(nodes.map(({ pid }) => pid));
  const namespaces = new Set(nodes.map(({ namespace }) => namespace));
  const parents = new Map(processes.map(({ pid }) => [pid, parentOf(pid)]));
  // What a node's containers run is below its first process; its own programs came into it from outside.
  const isInside = ({ pid, namespace }: SeenProcess): boolean => {
    for (let one: number | undefined = pid; one; one = parents.get(one)) if (heads.has(one)) return true;
    return namespaces.has(namespace);
  };
  const found = new Map<string, number[]>();
  for (const one of processes) {
    const name = nameOf(one);
    if (name && isInside(one)) found.set(name, [...(found.get(name) ?? []), one.pid]);
  }
  return found;
}

const COUNTED = new Set<string>([...CONTROL_PLANE, "kwok"]);

function nameOf({ command }: SeenProcess): string | undefined {
  const [title = ""] = command;
  const role = /^conifer (\w+)/.exec(title)?.[1];
  const program = basename(title);
  return role ? `conifer ${role}` : COUNTED.has(program) ? program : undefined;
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((all, pid) => all + of(pid), 0);
}
