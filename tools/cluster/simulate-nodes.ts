import { Agent } from "node:https";
import { join } from "node:path";
import { type Tell, tellStep } from "../../cli/src/cluster/tell-steps.ts";
import { buildPrograms } from "./build-programs.ts";
import { type ClusterApi, openClusterApi } from "./cluster-api.ts";
import { ClusterError } from "./cluster-error.ts";
import { type ClusterFolders, clusterFolders, nodeFolder } from "./cluster-folders.ts";
import { type ClusterPlan, planCluster } from "./cluster-plan.ts";
import { readSettings, settle } from "./cluster-settings.ts";
import { findNode } from "./make-node.ts";
import { endInNode, startInNode } from "./node-programs.ts";
import { planSimulated, SIMULATED_NODE, simulatedNode, simulatedStages } from "./simulated-objects.ts";
import { takeLock } from "./take-lock.ts";
import { waitUntil } from "./wait-for.ts";
import { writeWhole } from "./write-whole.ts";

/** Of no use to anybody: nothing leads to a pod that is not there. The other half of the test networks' range. */
const SIMULATED_PODS = "198.18.0.0/16";
const AT_A_TIME = 16;

interface Simulation {
  readonly plan: ClusterPlan;
  readonly folders: ClusterFolders;
}

/**
 * Has that many simulated nodes in a cluster that is up; they come back with it.
 * @throws ClusterError when it is not up
 */
export async function scaleNodes(name: string, nodes: number, tell: Tell): Promise<void> {
  const folders = clusterFolders(name, process.env);
  const release = await takeLock(`cluster/${name}`, tell);
  try {
    if (!(await readSettings(folders)) || !findNode(name, 1)) {
      throw new ClusterError(
        "failed",
        `${name} is not up. \`npm run cluster -- --name ${name} up\` starts it.`,
      );
    }
    const plan = planCluster(await settle(name, { simulated: nodes }, folders, tell));
    await simulateNodes({ plan, folders }, nodes, tell);
  } finally {
    await release();
  }
}

/** The same for who holds the cluster's lock. */
export async function simulateNodes(simulation: Simulation, nodes: number, tell: Tell): Promise<void> {
  const { plan, folders } = simulation;
  const agent = new Agent({ keepAlive: true, maxSockets: AT_A_TIME });
  try {
    const api = await openClusterApi(plan, folders, agent);
    if (nodes > 0) await startKwok(simulation, tell);
    await tellStep(tell, `Having ${nodes} simulated nodes`, () => makeSo(api, nodes));
    if (nodes === 0) await stopKwok(plan);
  } finally {
    agent.destroy();
  }
}

async function startKwok({ plan, folders }: Simulation, tell: Tell): Promise<void> {
  const programs = await buildPrograms(folders.cache, "kwok", tell);
  const node = findNode(plan.name, 1);
  if (!node) throw new ClusterError("failed", `node1 of ${plan.name} does not run.`);
  const settings = join(folders.state, "simulated-stages.yaml");
  await writeWhole(
    settings,
    simulatedStages()
      .map((stage) => JSON.stringify(stage))
      .join("\n---\n"),
  );
  const args = [
    `--kubeconfig=${folders.kubeconfig}`,
    `--config=${settings}`,
    "--manage-all-nodes=false",
    `--manage-nodes-with-label-selector=${SIMULATED_NODE}=true`,
    "--node-lease-duration-seconds=40",
    `--cidr=${SIMULATED_PODS}`,
    `--node-ip=${plan.host.v4}`,
    "--v=warn",
  ];
  const logs = join(nodeFolder(folders, "node1"), "log");
  await startInNode({ node, command: { program: "kwok", args, settings }, programs, logs });
}

async function stopKwok(plan: ClusterPlan): Promise<void> {
  const node = findNode(plan.name, 1);
  if (node) await endInNode(node, "kwok");
}

interface NodeObject {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const SELECTOR = encodeURIComponent(`${SIMULATED_NODE}=true`);

async function listSimulated(api: ClusterApi): Promise<readonly NodeObject[]> {
  const list = (await api.call(`/api/v1/nodes?labelSelector=${SELECTOR}`)) as {
    items: readonly NodeObject[];
  };
  return list.items;
}

async function makeSo(api: ClusterApi, wanted: number): Promise<void> {
  const names = (await listSimulated(api)).map(({ metadata }) => metadata.name);
  const { make, remove } = planSimulated(names, wanted);
  await forEachOf(make, (name) => api.call("/api/v1/nodes", { method: "POST", body: simulatedNode(name) }));
  await removeNodes(api, remove);
  await waitUntil({
    what: "the simulated nodes to be ready",
    within: 120_000,
    every: 500,
    ask: async () => {
      const ready = (await listSimulated(api)).filter(({ status }) =>
        status?.conditions?.some(({ type, status: now }) => type === "Ready" && now === "True"),
      );
      return ready.length === wanted ? true : undefined;
    },
  });
}

interface PodObject {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly nodeName?: string };
}

/**
 * Nodes and what was on them: the collector of orphaned pods takes a minute. They are closed first, or the pods that
 * replace the deleted ones would come to those that are next; one may have been sent there already, so it looks again.
 */
async function removeNodes(api: ClusterApi, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const path = (name: string) => `/api/v1/nodes/${name}`;
  const closed = {
    method: "PATCH",
    body: { spec: { unschedulable: true } },
    type: "application/merge-patch+json",
  };
  await forEachOf(names, (name) => ignoreMissing(api.call(path(name), closed)));
  await forEachOf(names, (name) => ignoreMissing(api.call(path(name), { method: "DELETE" })));
  const gone = new Set(names);
  await waitUntil({
    what: "the pods of removed nodes to be gone",
    within: 120_000,
    every: 1_000,
    ask: async () => {
      const { items } = (await api.call("/api/v1/pods")) as { items: readonly PodObject[] };
      const orphans = items.filter(({ spec }) => gone.has(spec.nodeName ?? ""));
      const paths = orphans.map(
        ({ metadata }) => `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`,
      );
      await forEachOf(paths, (one) =>
        ignoreMissing(api.call(`${one}?gracePeriodSeconds=0`, { method: "DELETE" })),
      );
      return orphans.length === 0 ? true : undefined;
    },
  });
}

async function ignoreMissing(call: Promise<unknown>): Promise<void> {
  await call.catch((thrown: Error) => {
    if (!thrown.message.includes(": 404 ")) throw thrown;
  });
}

/** Does something for each, some at a time; the first failure ends it. */
async function forEachOf(all: readonly string[], work: (one: string) => Promise<unknown>): Promise<void> {
  const left = [...all];
  const worker = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}
