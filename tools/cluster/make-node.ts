import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type ClusterFolders, nodeFolder } from "./cluster-folders.ts";
import type { ClusterPlan, NodePlan } from "./cluster-plan.ts";
import {
  findHolders,
  findNodes,
  findStarters,
  type LiveNode,
  nodeMark,
  seeProcesses,
} from "./cluster-processes.ts";
import { nodeRoutes } from "./host-network.ts";
import { makeNodeCgroups, removeCgroups } from "./node-cgroups.ts";
import { endProcess, scriptInNode } from "./node-programs.ts";
import { mountScript, networkScript } from "./node-scripts.ts";
import { runProgram, tryProgram } from "./run-program.ts";
import { waitUntil } from "./wait-for.ts";

interface NodeContext {
  readonly plan: ClusterPlan;
  readonly folders: ClusterFolders;
  readonly programs: string;
  readonly mtu: number;
}

/** Made last of a node: one without it was left half made. As seen from the host. */
const madeMark = (pid: number) => `/proc/${pid}/root/run/conifer-node`;

/** The node as it runs now, or undefined. */
export function findNode(cluster: string, number: number): LiveNode | undefined {
  return findNodes(cluster, seeProcesses()).find((one) => one.number === number);
}

/**
 * Sees to it that a node's namespaces, mounts, cgroups and network are there. A node is a bundle of namespaces (network,
 * mounts, processes, host name, IPC) held by a process 1 of ours: when that ends, the kernel takes all of it away.
 */
export async function makeNode(context: NodeContext, node: NodePlan): Promise<LiveNode> {
  const { plan, folders, programs, mtu } = context;
  const before = findNode(plan.name, node.number);
  const whole = before !== undefined && existsSync(madeMark(before.pid));
  if (!whole) await endHolders(plan.name, node.number);
  const live = whole ? before : await startNode(plan, node, programs);
  if (!whole) {
    const folder = nodeFolder(folders, node.name);
    for (const part of ["lib", "log", "cni"]) await mkdir(join(folder, part), { recursive: true });
    // As after a machine's restart: the kubelet would ask containerd for each dead container whose cgroup it finds.
    await removeCgroups(join(plan.cgroup, node.name));
    await makeNodeCgroups(plan.cgroup, node.name);
    await scriptInNode(live.pid, mountScript(node, folders));
  }
  await plugIn(plan, node, live.pid, mtu);
  await scriptInNode(live.pid, networkScript(plan, node, mtu, nodeRoutes(plan, node.number)));
  if (!whole) await scriptInNode(live.pid, "touch /run/conifer-node");
  return live;
}

/** Ends whatever holds a cluster's nodes, or one of them, without asking first: for what is left after a kill. */
export async function endHolders(cluster: string, node?: number): Promise<void> {
  await waitUntil({
    what: `what is left of ${cluster}'s nodes to end`,
    within: 30_000,
    every: 30,
    ask: async () => {
      const left = findHolders(cluster, seeProcesses(), node);
      for (const pid of left) process.kill(pid, "SIGKILL");
      return left.length === 0 ? true : undefined;
    },
  });
}

async function startNode(plan: ClusterPlan, node: NodePlan, programs: string): Promise<LiveNode> {
  const kinds = ["--net", "--mount", "--pid", "--uts", "--ipc"];
  const how = ["--fork", "--kill-child", "--mount-proc", "--propagation", "private"];
  const command = [join(programs, "pause"), nodeMark(plan.name, node.number)];
  const child = spawn("unshare", [...kinds, ...how, ...command], { detached: true, stdio: "ignore" });
  let failure: Error | undefined;
  child.once("error", (thrown) => {
    failure = thrown;
  });
  child.unref();
  return waitUntil({
    what: `the namespaces of ${node.name}`,
    within: 15_000,
    every: 30,
    ask: async () => {
      if (failure) throw failure;
      return findNode(plan.name, node.number);
    },
  });
}

/** A cable from the node's eth0 to the bridge. One end outlives nothing of the other, so both are there or none. */
async function plugIn(plan: ClusterPlan, node: NodePlan, pid: number, mtu: number): Promise<void> {
  const inside = await scriptInNode(pid, "ls /proc/sys/net/ipv4/conf");
  if (!inside.split("\n").includes("eth0")) {
    const peer = ["peer", "name", "eth0", "netns", String(pid)];
    const add = ["link", "add", node.link, "mtu", String(mtu), "type", "veth", ...peer];
    await waitUntil({
      what: `the link ${node.link}`,
      within: 15_000,
      ask: async () => {
        // A former node's, which the kernel is about to take away: until it has, the name is not free.
        await tryProgram("ip", ["link", "del", node.link]);
        return await runProgram("ip", add);
      },
    });
  }
  await runProgram("ip", ["link", "set", node.link, "master", plan.bridge, "up"]);
}

/** Ends a node and all in it, and waits until it is gone. */
export async function endNode(cluster: string, { number, pid }: LiveNode): Promise<void> {
  await endProcess(`node${number}`, pid, () => findNode(cluster, number)?.pid === pid);
  for (const starter of findStarters(pid, seeProcesses())) {
    try {
      process.kill(starter, "SIGKILL");
    } catch {
      // It has seen its program's end by itself.
    }
  }
}
