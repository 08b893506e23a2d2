import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { findNodes, seeProcesses } from "../../tools/cluster/cluster-processes.ts";

/** The programs of a cluster's control plane, which are the first node's. */
export const CONTROL_PLANE = ["kube-apiserver", "etcd", "kube-scheduler", "kube-controller-manager"] as const;

/**
 * Stops a program of a cluster of ours where it is: connections stay open and nothing answers, which is worse for who
 * waits than a program that is gone. Returns what lets it go on, which also happens when this process is told to end.
 * Throws when it does not run.
 */
export function pauseProgram(cluster: string, program: string): () => void {
  const pids = programPids(cluster, program);
  const goOn = () => {
    for (const signal of ENDS) process.off(signal, end);
    // What started it stops with it, and does not go on with it.
    for (const pid of pids.flatMap((one) => [one, ...starterOf(one)])) process.kill(pid, "SIGCONT");
  };
  const end = () => {
    goOn();
    process.exit(1);
  };
  for (const signal of ENDS) process.once(signal, end);
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  return goOn;
}

const ENDS = ["SIGINT", "SIGTERM"] as const;

function starterOf(pid: number): readonly number[] {
  const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  const isStarter = seeProcesses().some(
    (one) => one.pid === parent && basename(one.command[0] ?? "") === "nsenter",
  );
  return isStarter ? [parent] : [];
}

/** Process ids of a program on the nodes of a cluster. */
export function programPids(cluster: string, program: string): readonly number[] {
  const processes = seeProcesses();
  const nodes = new Set(findNodes(cluster, processes).map(({ namespace }) => namespace));
  const pids = processes
    .filter(({ namespace, command }) => nodes.has(namespace) && basename(command[0] ?? "") === program)
    .map(({ pid }) => pid);
  if (pids.length === 0) throw new Error(`${program} does not run on the nodes of ${cluster}`);
  return pids;
}
