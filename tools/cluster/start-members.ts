import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Tell, tellStep } from "../../cli/src/cluster/tell-steps.ts";
import { openClusterApi } from "./cluster-api.ts";
import { nodeFolder } from "./cluster-folders.ts";
import type { NodePlan } from "./cluster-plan.ts";
import type { LiveNode } from "./cluster-processes.ts";
import { makeNode } from "./make-node.ts";
import { type FileContext, nodeFiles, sharedFiles } from "./node-files.ts";
import { startInNode } from "./node-programs.ts";
import { enforcerRights, startPolicyEnforcer } from "./policy-enforcer.ts";
import { controllerCommands, nodeCommands, storeCommands } from "./program-commands.ts";
import { startContainers } from "./start-containers.ts";
import { waitUntil } from "./wait-for.ts";
import { writeWhole } from "./write-whole.ts";

/** What the steps of bringing a cluster up share. */
export interface Rise extends FileContext {
  /** The folder that the programs lie in. */
  readonly programs: string;
}

/** When the kubelets that had to be started were, in milliseconds since 1970, by node name. */
export type KubeletStarts = ReadonlyMap<string, number>;

/** Makes every node and starts its programs; those of the control plane are the first node's. */
export async function startMembers(rise: Rise, tell: Tell): Promise<KubeletStarts> {
  const { plan } = rise;
  const starts = new Map<string, number>();
  await writeFiles(rise);
  const what = `${plan.nodes} ${plan.nodes === 1 ? "node" : "nodes"}`;
  await tellStep(tell, `Starting ${what} of ${plan.name}`, () =>
    allOrFirstFailure(
      plan.members.map(async (member) => {
        const live = await makeNode(rise, member);
        const control = member.number === 1 ? [startControlPlane(rise, member, live)] : [];
        await allOrFirstFailure([...control, startNodePrograms(rise, member, live, starts)]);
      }),
    ),
  );
  return starts;
}

/** Waits for all, so that nothing goes on behind the first failure, and then throws that. */
export async function allOrFirstFailure(all: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(all)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

async function writeFiles(rise: Rise): Promise<void> {
  const all = Object.assign(sharedFiles(rise), ...rise.plan.members.map((member) => nodeFiles(rise, member)));
  for (const [path, text] of Object.entries<string>(all)) {
    const before = await readFile(path, "utf8").catch(() => undefined);
    if (before !== text) await writeWhole(path, text);
  }
}

/** Where the programs of a node write what they say. */
export const logsOf = ({ folders }: Rise, member: NodePlan) => join(nodeFolder(folders, member.name), "log");

async function startControlPlane(rise: Rise, member: NodePlan, node: LiveNode): Promise<void> {
  const { plan, folders, programs } = rise;
  const api = await openClusterApi(plan, folders);
  const logs = logsOf(rise, member);
  for (const command of storeCommands(plan, folders)) await startInNode({ node, command, programs, logs });
  await waitUntil({
    what: "the API server",
    within: 90_000,
    ask: () => api.call("/readyz"),
    hint: `See ${logs}/kube-apiserver.log and etcd.log.`,
  });
  for (const object of enforcerRights()) await api.apply(object);
  for (const command of controllerCommands(plan, folders)) {
    await startInNode({ node, command, programs, logs });
  }
}

async function startNodePrograms(
  rise: Rise,
  member: NodePlan,
  node: LiveNode,
  starts: Map<string, number>,
): Promise<void> {
  const { plan, folders, programs } = rise;
  const logs = logsOf(rise, member);
  await startContainers({ node, programs, logs, folder: nodeFolder(folders, member.name) });
  for (const command of nodeCommands(plan, folders, member)) {
    const now = Date.now();
    const isNew = await startInNode({ node, command, programs, logs });
    if (isNew && command.program === "kubelet") starts.set(member.name, now);
  }
  await startPolicyEnforcer(folders, member, node);
}
