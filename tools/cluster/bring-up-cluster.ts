import { readFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { buildPrograms } from "./build-programs.ts";
import { type ClusterApi, openClusterApi } from "./cluster-api.ts";
import type { Wishes } from "./cluster-arguments.ts";
import { makeCredentials } from "./cluster-certificates.ts";
import { DNS_PATH, dnsObjects, hostNameServers } from "./cluster-dns.ts";
import { type ClusterFolders, clusterFolders, nodeFolder } from "./cluster-folders.ts";
import { type ClusterPlan, familyList, type NodePlan, planCluster } from "./cluster-plan.ts";
import { settle } from "./cluster-settings.ts";
import { prepareKernel } from "./host-kernel.ts";
import { connectHost, outwardMtu } from "./host-network.ts";
import { meetNeeds } from "./machine-needs.ts";
import { makeNode } from "./make-node.ts";
import { type FileContext, nodeFiles, sharedFiles } from "./node-files.ts";
import type { LiveNode } from "./node-processes.ts";
import { startInNode } from "./node-programs.ts";
import { controllerCommands, nodeCommands, storeCommands } from "./program-commands.ts";
import { startContainers } from "./start-containers.ts";
import { takeLock } from "./take-lock.ts";
import { type Tell, tellStep } from "./tell-progress.ts";
import { waitUntil } from "./wait-until.ts";
import { writeWhole } from "./write-whole.ts";

/** What the steps share. */
interface Rise {
  readonly plan: ClusterPlan;
  readonly folders: ClusterFolders;
  readonly programs: string;
  readonly files: FileContext;
}

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
    const mtu = await outwardMtu();
    const nameServers = await hostNameServers();
    const files = { plan, folders, memory: totalmem(), mtu, nameServers };
    await connectHost(plan);
    await makeCredentials(plan, folders, programs);
    await writeFiles(files);
    await rising({ plan, folders, programs, files }, tell);
  } finally {
    await release();
  }
  return folders;
}

async function rising(rise: Rise, tell: Tell): Promise<void> {
  const { plan, folders, programs, files } = rise;
  const what = `${plan.nodes} ${plan.nodes === 1 ? "node" : "nodes"}`;
  const api = await openClusterApi(plan, folders);
  await tellStep(tell, `Starting ${what} of ${plan.name}`, async () => {
    const starts = plan.members.map(async (member) => {
      const live = await makeNode({ plan, folders, programs, mtu: files.mtu }, member);
      await Promise.all([
        ...(member.number === 1 ? [startControlPlane(rise, member, live, api)] : []),
        startNodePrograms(rise, member, live),
      ]);
    });
    await settleAll(starts);
  });
  await tellStep(tell, "Waiting until every node is ready", () =>
    settleAll(plan.members.map((member) => waitForNode(rise, member, api))),
  );
  await tellStep(tell, "Waiting for cluster DNS", () => startDns(rise, api));
}

/** Waits for all, so that nothing goes on behind the first failure, and then throws that. */
async function settleAll(all: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(all)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

async function writeFiles(files: FileContext): Promise<void> {
  const all = Object.assign(
    sharedFiles(files),
    ...files.plan.members.map((member) => nodeFiles(files, member)),
  );
  for (const [path, text] of Object.entries<string>(all)) {
    const before = await readFile(path, "utf8").catch(() => undefined);
    if (before !== text) await writeWhole(path, text);
  }
}

const logsOf = ({ folders }: Rise, member: NodePlan) => join(nodeFolder(folders, member.name), "log");

async function startControlPlane(
  rise: Rise,
  member: NodePlan,
  node: LiveNode,
  api: ClusterApi,
): Promise<void> {
  const { plan, folders, programs } = rise;
  const logs = logsOf(rise, member);
  for (const command of storeCommands(plan, folders)) await startInNode({ node, command, programs, logs });
  await waitUntil({
    what: "the API server",
    within: 90_000,
    ask: () => api.call("/readyz"),
    hint: `See ${logs}/kube-apiserver.log and etcd.log.`,
  });
  for (const command of controllerCommands(plan, folders)) {
    await startInNode({ node, command, programs, logs });
  }
}

async function startNodePrograms(rise: Rise, member: NodePlan, node: LiveNode): Promise<void> {
  const { plan, folders, programs } = rise;
  const logs = logsOf(rise, member);
  const folder = nodeFolder(folders, member.name);
  await startContainers({ node, programs, logs, folder });
  for (const command of nodeCommands(plan, folders, member)) {
    await startInNode({ node, command, programs, logs });
  }
}

/** A node as the API shows it, as far as it is asked here. */
interface NodeObject {
  readonly spec?: { readonly podCIDR?: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Ready, and not only said to be from before: its kubelet answers too. */
async function waitForNode(rise: Rise, member: NodePlan, api: ClusterApi): Promise<void> {
  const { plan } = rise;
  const path = `/api/v1/nodes/${member.name}`;
  const hint = `See ${logsOf(rise, member)}/kubelet.log and containerd.log.`;
  const within = 90_000;
  const found = await waitUntil({
    what: `${member.name} to register`,
    within,
    hint,
    ask: () => api.call(path) as Promise<NodeObject>,
  });
  if (found.spec?.podCIDR === undefined) {
    const podCIDRs = familyList(plan, member.pods);
    const body = { spec: { podCIDR: podCIDRs[0], podCIDRs } };
    await api.call(path, { method: "PATCH", body, type: "application/merge-patch+json" });
  }
  await waitUntil({
    what: `${member.name} to be ready`,
    within,
    hint,
    ask: async () => {
      await api.call(`${path}/proxy/healthz`);
      const { status } = (await api.call(path)) as NodeObject;
      return isReady(status?.conditions) || undefined;
    },
  });
}

/** Whether the conditions of a node say that it takes pods. */
export function isReady(
  conditions: readonly { readonly type: string; readonly status: string }[] | undefined,
): boolean {
  return conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

async function startDns({ plan, programs, files }: Rise, api: ClusterApi): Promise<void> {
  const forwardTo = plan.egress ? files.nameServers : [];
  for (const object of dnsObjects(plan, programs, forwardTo)) await api.apply(object);
  await waitUntil({
    what: "cluster DNS",
    within: 90_000,
    ask: async () => {
      const { status } = (await api.call(DNS_PATH)) as { status?: { readyReplicas?: number } };
      return (status?.readyReplicas ?? 0) > 0 ? true : undefined;
    },
    hint: `See \`npm run cluster -- --name ${plan.name} kubectl -n kube-system describe pods\`.`,
  });
}
