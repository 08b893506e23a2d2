import type { Tell } from "../../cli/src/cluster/tell-steps.ts";
import { buildPrograms } from "./build-programs.ts";
import type { Wishes } from "./cluster-arguments.ts";
import { makeCredentials } from "./cluster-certificates.ts";
import { type ClusterFolders, clusterFolders } from "./cluster-folders.ts";
import { readMachine } from "./cluster-machine.ts";
import { planCluster } from "./cluster-plan.ts";
import { settle } from "./cluster-settings.ts";
import { furnishCluster } from "./furnish-cluster.ts";
import { prepareKernel } from "./host-kernel.ts";
import { connectHost } from "./host-network.ts";
import { meetNeeds } from "./machine-needs.ts";
import { startMembers } from "./start-members.ts";
import { takeLock } from "./take-lock.ts";
import { waitForMembers } from "./wait-for-members.ts";

/**
 * Starts a cluster, or what is missing of one, and returns when every node takes pods and names are answered. May be
 * called at any time: what runs is left alone, what was killed comes back with its data.
 * @throws ClusterError that says what to do, or where to look
 */
export async function bringUp(name: string, wishes: Wishes, tell: Tell): Promise<ClusterFolders> {
  await meetNeeds(tell);
  const folders = clusterFolders(name, process.env);
  const programs = await buildPrograms(folders.cache, "go", tell);
  const release = await takeLock(`cluster/${name}`, tell);
  try {
    const plan = planCluster(await settle(name, wishes, folders, tell));
    await prepareKernel(plan.egress, tell);
    const machine = await readMachine();
    await connectHost(plan, machine.mtu);
    await makeCredentials(plan, folders, programs);
    const rise = { ...machine, plan, folders, programs };
    await waitForMembers(rise, await startMembers(rise, tell), tell);
    await furnishCluster(rise, tell);
  } finally {
    await release();
  }
  return folders;
}
