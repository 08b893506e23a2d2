import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";

/** A process as /proc shows it. */
export interface SeenProcess {
  readonly pid: number;
  /** Its number in its own PID namespace, which is 1 for the one that holds the namespace. */
  readonly innerPid: number;
  /** Names its PID namespace. */
  readonly namespace: string;
  readonly command: readonly string[];
}

/** A node that is alive: its process 1, and what runs in the node itself, not in its pods. */
export interface LiveNode {
  readonly number: number;
  readonly pid: number;
  /** Its PID namespace. */
  readonly namespace: string;
  /** Process ids by program, such as `kubelet`. */
  readonly programs: ReadonlyMap<string, number>;
}

/** What a node's process 1 is called with, so that it can be found whatever became of our records. */
export const nodeMark = (cluster: string, number: number) => `conifer-cluster/${cluster}/node${number}`;

/** The nodes of a cluster that are alive, by number. */
export function findNodes(cluster: string, processes: readonly SeenProcess[]): LiveNode[] {
  const start = nodeMark(cluster, 0).slice(0, -1);
  const heads = processes.filter(
    ({ innerPid, command }) =>
      innerPid === 1 && basename(command[0] ?? "") === "pause" && command[1]?.startsWith(start),
  );
  return heads
    .map(({ pid, namespace, command }) => {
      const inside = processes.filter((one) => one.namespace === namespace && one.pid !== pid);
      return {
        number: Number(command[1]?.slice(start.length)),
        pid,
        namespace,
        programs: new Map(inside.map((one) => [basename(one.command[0] ?? ""), one.pid])),
      };
    })
    .sort((a, b) => a.number - b.number);
}

/**
 * The processes that hold a cluster's nodes, or one node, or are about to: also those that a killed command left on their
 * way into the namespaces. The outer ones come first; ending them ends the inner ones.
 */
export function findHolders(cluster: string, processes: readonly SeenProcess[], node?: number): number[] {
  const mark = node === undefined ? nodeMark(cluster, 0).slice(0, -1) : nodeMark(cluster, node);
  const holds = (command: readonly string[]) => {
    const last = command.at(-1) ?? "";
    return node === undefined ? last.startsWith(mark) : last === mark;
  };
  return processes
    .filter(({ command }) => ["unshare", "pause"].includes(basename(command[0] ?? "")) && holds(command))
    .map(({ pid }) => pid);
}

/**
 * What started programs in a node and waits for their end. It stops when its program is stopped, does not go on with it, and
 * then outlives it.
 */
export function findStarters(nodePid: number, processes: readonly SeenProcess[]): number[] {
  return processes
    .filter(({ command: [program = "", ...args] }) => {
      return basename(program) === "nsenter" && args[0] === "-t" && args[1] === String(nodePid);
    })
    .map(({ pid }) => pid);
}

/** Every process of this machine that has a command line; those that end meanwhile are left out. */
export function seeProcesses(proc = "/proc"): SeenProcess[] {
  return readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(join(proc, name, "cmdline"), "utf8")
          .split("\0")
          .slice(0, -1);
        if (command.length === 0) return []; // a thread of the kernel, or one that waits to be reaped
        const status = readFileSync(join(proc, name, "status"), "utf8");
        const numbers = /^NSpid:\s*(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [name];
        const namespace = readlinkSync(join(proc, name, "ns/pid"));
        return [{ pid: Number(name), innerPid: Number(numbers.at(-1)), namespace, command }];
      } catch {
        return [];
      }
    });
}
