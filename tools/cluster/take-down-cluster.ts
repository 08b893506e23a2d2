import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import type { Tell } from "../../cli/src/cluster/tell-steps.ts";
import { ClusterError } from "./cluster-error.ts";
import { clusterFolders } from "./cluster-folders.ts";
import { cgroupOf } from "./cluster-plan.ts";
import { findNodes, seeProcesses } from "./cluster-processes.ts";
import { releaseKernel } from "./host-kernel.ts";
import { disconnectHost } from "./host-network.ts";
import { findProgram } from "./machine-needs.ts";
import { endHolders, endNode } from "./make-node.ts";
import { removeCgroups } from "./node-cgroups.ts";
import { takeLock } from "./take-lock.ts";

/**
 * Stops a cluster and removes every trace of it, also of one that was left half made: what there is is read from the
 * machine, not from records.
 * @param keep leaves the data, so that the next `up` brings the same cluster back
 */
export async function takeDown(name: string, keep: boolean, tell: Tell): Promise<void> {
  if (process.getuid?.() !== 0) throw new ClusterError("missing", "This needs root, as up did.");
  const folders = clusterFolders(name, process.env);
  const release = await takeLock(`cluster/${name}`, tell);
  try {
    await Promise.all(findNodes(name, seeProcesses()).map((node) => endNode(name, node)));
    await endHolders(name);
    // A machine without these programs never had a cluster.
    if (findProgram("ip") && findProgram("iptables")) await disconnectHost(name);
    await removeCgroups(cgroupOf(name));
    await releaseKernel(name, tell);
    if (!keep && existsSync(folders.state)) await removeState(folders.state);
  } finally {
    await release();
  }
  tell(
    keep ? `${name} is down; its data is in ${folders.state}.` : `${name} is down; nothing of it is left.`,
  );
}

async function removeState(folder: string): Promise<void> {
  const mounted = mountsBelow(folder, await readFile("/proc/self/mountinfo", "utf8"));
  if (mounted.length > 0) {
    throw new ClusterError(
      "failed",
      `${mounted[0]} is still mounted, so ${folder} is not removed. Unmount it and try again.`,
    );
  }
  await rm(folder, { recursive: true, force: true });
}

/** The mount points at or below a folder, in what /proc/self/mountinfo says. */
export function mountsBelow(folder: string, mountinfo: string): string[] {
  return mountinfo
    .split("\n")
    .map((line) => (line.split(" ")[4] ?? "").replaceAll("\\040", " "))
    .filter((point) => point === folder || point.startsWith(`${folder}/`));
}
