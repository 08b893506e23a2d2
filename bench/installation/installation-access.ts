import { setTimeout as wait } from "node:timers/promises";
import { freePorts } from "../../conformance/src/running-platform.ts";
import {
  KIND,
  type KubeClient,
  type KubeKind,
  makeKubeClient,
  openKubeAccess,
  type Pod,
} from "../../platform/src/drivers/kubernetes/client/index.ts";
import { isReady } from "../../tools/router-nodes.ts";

/** An installation that is measured, and the cluster of ours that it is in. */
export interface Installation {
  readonly client: KubeClient;
  readonly namespace: string;
  /** The name that `npm run cluster -- --name` was given; undefined for a cluster of somebody else. */
  readonly cluster: string | undefined;
}

/** Opens what KUBECONFIG, CONIFER_INSTALLATION (a namespace) and CONIFER_CLUSTER name. Throws what is missing. */
export async function openInstallation(): Promise<Installation> {
  const { KUBECONFIG, CONIFER_INSTALLATION: namespace, CONIFER_CLUSTER: cluster } = process.env;
  if (!KUBECONFIG || !namespace)
    throw new Error("Name an installation: KUBECONFIG and CONIFER_INSTALLATION (its namespace).");
  return { client: makeKubeClient(await openKubeAccess(KUBECONFIG)), namespace, cluster };
}

/** Ports for `conifer connect`, so that two measurements can be connected to two clusters. */
export async function connectOptions() {
  return { ports: await freePorts() };
}

export const APPS = "conifer-apps";

const READY_MS = 300_000;
const LOOK_MS = 250;

const WORKLOAD = {
  deployment: { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments" },
  statefulSet: { apiVersion: "apps/v1", kind: "StatefulSet", plural: "statefulsets" },
  daemonSet: { apiVersion: "apps/v1", kind: "DaemonSet", plural: "daemonsets" },
} as const satisfies Record<string, KubeKind>;

/** Every role of an installation, how it runs, and how many there are as it is installed. */
export const ROLES = [
  { role: "api", workload: "deployment", replicas: 2 },
  { role: "worker", workload: "deployment", replicas: 2 },
  { role: "router", workload: "deployment", replicas: 2 },
  { role: "database", workload: "statefulSet", replicas: 1 },
  { role: "files", workload: "statefulSet", replicas: 1 },
  { role: "logs", workload: "statefulSet", replicas: 1 },
  { role: "registry", workload: "statefulSet", replicas: 1 },
] as const;

export type Role = (typeof ROLES)[number];

/** Has so many pods of a role, and returns when they answer and no other is left. */
export async function scaleRole(
  { client, namespace }: Installation,
  { role, workload }: Pick<Role, "role" | "workload">,
  replicas: number,
): Promise<void> {
  const kind = WORKLOAD[workload];
  await client.merge({ kind, namespace }, `conifer-${role}`, { spec: { replicas } });
  await untilTrue(`${replicas} pods of ${role}`, async () => {
    const pods = await podsOf({ client, namespace }, role);
    return pods.length === replicas && pods.every(isReady);
  });
}

/** Takes the agents off all nodes, or puts them back; returns when it is so. */
export async function keepAgents({ client }: Installation, present: boolean): Promise<void> {
  const place = { kind: WORKLOAD.daemonSet, namespace: AGENTS };
  const nodeSelector = { "conifer-bench/nowhere": present ? null : "true" };
  await client.merge(place, "conifer-agent", { spec: { template: { spec: { nodeSelector } } } });
  await untilTrue(present ? "the agents" : "no agents", async () => {
    const pods = await podsOf({ client, namespace: AGENTS }, "agent");
    return present ? pods.length > 0 && pods.every(isReady) : pods.length === 0;
  });
}

const AGENTS = "conifer-agents";

export async function podsOf(
  { client, namespace }: Pick<Installation, "client" | "namespace">,
  role: string,
): Promise<readonly Pod[]> {
  const labelSelector = `conifer.dev/role=${role}`;
  return (await client.list<Pod>({ kind: KIND.pod, namespace }, { labelSelector })).items;
}

/** Returns when every node and every pod of the installation is ready. */
export async function untilWell({ client, namespace }: Installation): Promise<void> {
  const node = { apiVersion: "v1", kind: "Node", plural: "nodes" };
  await untilTrue("all nodes and pods to be ready", async () => {
    const nodes = await client.list<Pod>({ kind: node }, {});
    const pods = await client.list<Pod>({ kind: KIND.pod, namespace }, {});
    return [...nodes.items, ...pods.items].every(isReady);
  });
}

/** Looks until it is so; a look that fails is one that says no. Throws after `withinMs`, by default five minutes. */
export async function untilTrue(
  what: string,
  look: () => Promise<boolean>,
  everyMs = LOOK_MS,
  withinMs = READY_MS,
): Promise<void> {
  const until = performance.now() + withinMs;
  let cause: unknown;
  const dare = async () =>
    await look().catch((thrown: unknown) => {
      cause = thrown;
      return false;
    });
  while (!(await dare())) {
    if (performance.now() > until) throw new Error(`waited in vain for ${what}`, { cause });
    await wait(everyMs);
  }
}

/** Where the routers listen for http: addresses of pods, which outlive a pause of the cluster's own programs. */
export async function routerAddresses(installation: Installation): Promise<readonly string[]> {
  const routers = await podsOf(installation, "router");
  return routers.filter(isReady).map(({ status }) => status?.podIP ?? "");
}

export const ROUTER_PORT = 8080;
