import { type ClusterApi, openClusterApi } from "./cluster-api.ts";
import { DNS_PATH } from "./cluster-dns.ts";
import { type ClusterFolders, clusterFolders } from "./cluster-folders.ts";
import { type ClusterPlan, planCluster } from "./cluster-plan.ts";
import { findNodes, type LiveNode, seeProcesses } from "./cluster-processes.ts";
import { readSettings } from "./cluster-settings.ts";
import { ENFORCER } from "./policy-enforcer.ts";
import { hasReadyReplicas, isReady } from "./wait-for-members.ts";

interface NodeStatus {
  readonly name: string;
  readonly address: string;
  /** Process id of its process 1; null when the node does not run. */
  readonly pid: number | null;
  readonly ready: boolean;
  /** Process ids of its programs; null for one that does not run. */
  readonly programs: Readonly<Record<string, number | null>>;
}

/** What `status --json` prints. */
export interface ClusterStatus {
  readonly name: string;
  /** Whether all of it runs and answers. */
  readonly healthy: boolean;
  readonly kubeconfig: string;
  readonly server: string;
  /** The host's address in the cluster, where pods reach what listens on it. */
  readonly host: string;
  readonly registry: string;
  readonly pods: string;
  readonly services: string;
  readonly egress: boolean;
  readonly dualStack: boolean;
  readonly dns: boolean;
  readonly simulatedNodes: number;
  readonly nodes: readonly NodeStatus[];
}

const ON_EVERY_NODE = ["containerd", "kubelet", "kube-proxy", ENFORCER];
const ON_THE_FIRST = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];

/** What runs of a cluster; undefined when there is none of that name. */
export async function readStatus(name: string): Promise<ClusterStatus | undefined> {
  const folders = clusterFolders(name, process.env);
  const settings = await readSettings(folders);
  if (!settings) return undefined;
  const plan = planCluster(settings);
  const seen = await askApi(plan, folders);
  return describeStatus(plan, folders, findNodes(name, seeProcesses()), seen);
}

/** What the API server says; nothing is ready when it does not answer. */
export interface SeenByApi {
  readonly ready: ReadonlySet<string>;
  readonly simulated: number;
  readonly dns: boolean;
}

async function askApi(plan: ClusterPlan, folders: ClusterFolders): Promise<SeenByApi> {
  try {
    const api = await openClusterApi(plan, folders);
    const [nodes, dns] = await Promise.all([readNodes(api), hasReadyReplicas(api, DNS_PATH)]);
    const real = new Set(plan.members.map((member) => member.name));
    const ready = nodes
      .filter(({ status }) => isReady(status.conditions))
      .map(({ metadata }) => metadata.name);
    const simulated = nodes.filter(({ metadata }) => !real.has(metadata.name)).length;
    return { ready: new Set(ready), simulated, dns };
  } catch {
    return { ready: new Set(), simulated: 0, dns: false };
  }
}

interface NodeObject {
  readonly metadata: { readonly name: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function readNodes(api: ClusterApi): Promise<readonly NodeObject[]> {
  return ((await api.call("/api/v1/nodes")) as { items: readonly NodeObject[] }).items;
}

/** Puts together what the machine and the API server say. */
export function describeStatus(
  plan: ClusterPlan,
  folders: ClusterFolders,
  live: readonly LiveNode[],
  { ready, simulated, dns }: SeenByApi,
): ClusterStatus {
  const nodes = plan.members.map((member): NodeStatus => {
    const node = live.find(({ number }) => number === member.number);
    const first = [...ON_THE_FIRST, ...(plan.simulated ? ["kwok"] : [])];
    const wanted = [...(member.number === 1 ? first : []), ...ON_EVERY_NODE];
    return {
      name: member.name,
      address: member.address.v4,
      pid: node?.pid ?? null,
      ready: node !== undefined && ready.has(member.name),
      programs: Object.fromEntries(wanted.map((program) => [program, node?.programs.get(program) ?? null])),
    };
  });
  const whole = nodes.every((node) => node.ready && !Object.values(node.programs).includes(null));
  return {
    name: plan.name,
    healthy: whole && dns,
    kubeconfig: folders.kubeconfig,
    server: plan.server,
    host: plan.host.v4,
    registry: plan.registry,
    pods: plan.allPods.v4,
    services: plan.services.v4,
    egress: plan.egress,
    dualStack: plan.dualStack,
    dns,
    simulatedNodes: simulated,
    nodes,
  };
}

/** The same for people. */
export function statusLines(status: ClusterStatus): string[] {
  const { name, healthy, nodes, simulatedNodes } = status;
  return [
    `${name} is ${healthy ? "up" : "not healthy"}.`,
    `  kubeconfig  ${status.kubeconfig}`,
    `  host        ${status.host} (pods reach what listens there)`,
    `  registry    ${status.registry} (plain http)`,
    `  pods        ${status.pods}, ${status.dualStack ? "IPv4 and IPv6" : "IPv4"}, ${status.egress ? "with" : "without"} a way out`,
    `  services    ${status.services}, DNS ${status.dns ? "answers" : "does not answer"}`,
    ...(simulatedNodes > 0 ? [`  simulated   ${simulatedNodes} nodes`] : []),
    ...nodes.map((node) => {
      const down = Object.entries(node.programs).filter(([, pid]) => pid === null);
      const state =
        node.pid === null
          ? "does not run"
          : down.length > 0
            ? `without ${down.map(([program]) => program).join(", ")}`
            : node.ready
              ? "ready"
              : "not ready";
      return `  ${node.name}       ${node.address}  ${state}`;
    }),
    ...(healthy ? [] : ["`up` starts what is missing."]),
  ];
}
