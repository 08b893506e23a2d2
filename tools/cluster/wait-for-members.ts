import { type Tell, tellStep } from "../../cli/src/cluster/tell-steps.ts";
import { type ClusterApi, openClusterApi } from "./cluster-api.ts";
import { DNS_PATH, DNS_PODS_PATH, dnsObjects, dnsReadyPath } from "./cluster-dns.ts";
import { familyList, type NodePlan } from "./cluster-plan.ts";
import { allOrFirstFailure, type KubeletStarts, logsOf, type Rise } from "./start-members.ts";
import { waitUntil } from "./wait-for.ts";

const PATIENCE = 90_000;

/** Waits until every node takes pods, and names are answered. */
export async function waitForMembers(rise: Rise, starts: KubeletStarts, tell: Tell): Promise<void> {
  const api = await openClusterApi(rise.plan, rise.folders);
  await tellStep(tell, "Waiting until every node is ready", () =>
    allOrFirstFailure(
      rise.plan.members.map((member) => waitForNode(rise, member, starts.get(member.name) ?? 0, api)),
    ),
  );
  await tellStep(tell, "Waiting for cluster DNS", () => startDns(rise, api));
}

interface Condition {
  readonly type: string;
  readonly status: string;
  /** When the kubelet last said so, as RFC 3339 in whole seconds. */
  readonly lastHeartbeatTime?: string;
}

interface PodObject {
  readonly metadata: { readonly name: string };
}

/** A node as the API shows it, as far as it is asked here. */
interface NodeObject {
  readonly spec?: { readonly podCIDR?: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** Ready, and not only said to be from before: its kubelet answers, and has said so since it was started. */
async function waitForNode(rise: Rise, member: NodePlan, since: number, api: ClusterApi): Promise<void> {
  const path = `/api/v1/nodes/${member.name}`;
  const hint = `See ${logsOf(rise, member)}/kubelet.log and containerd.log.`;
  const found = await waitUntil({
    what: `${member.name} to register`,
    within: PATIENCE,
    hint,
    ask: () => api.call(path) as Promise<NodeObject>,
  });
  if (found.spec?.podCIDR === undefined) {
    const podCIDRs = familyList(rise.plan, member.pods);
    const body = { spec: { podCIDR: podCIDRs[0], podCIDRs } };
    await api.call(path, { method: "PATCH", body, type: "application/merge-patch+json" });
  }
  await waitUntil({
    what: `${member.name} to be ready`,
    within: PATIENCE,
    hint,
    ask: async () => {
      await api.call(`${path}/proxy/healthz`);
      const { status } = (await api.call(path)) as NodeObject;
      return (isReady(status?.conditions) && saidSince(since, status?.conditions)) || undefined;
    },
  });
}

/** Whether the conditions of a node say that it takes pods. */
export function isReady(conditions: readonly Condition[] | undefined): boolean {
  return conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

function saidSince(since: number, conditions: readonly Condition[] | undefined): boolean {
  const said = conditions?.find(({ type }) => type === "Ready")?.lastHeartbeatTime;
  return since < Date.parse(said ?? "1970-01-01T00:00:00Z") + 1_000;
}

async function startDns({ plan, programs, nameServers }: Rise, api: ClusterApi): Promise<void> {
  for (const object of dnsObjects(plan, programs, plan.egress ? nameServers : [])) await api.apply(object);
  await waitUntil({
    what: "cluster DNS",
    within: PATIENCE,
    ask: async () => {
      if (!(await hasReadyReplicas(api, DNS_PATH))) return undefined;
      const { items } = (await api.call(DNS_PODS_PATH)) as { items: readonly PodObject[] };
      // What is said of a pod is from before when its node was killed: only its own answer is from now.
      const answers = items.map(({ metadata: { name } }) => api.call(dnsReadyPath(name)));
      return (await Promise.any(answers)) !== undefined || undefined;
    },
    hint: `See \`npm run cluster -- --name ${plan.name} kubectl -n kube-system describe pods\`.`,
  });
}

/** Whether a Deployment has a pod that answers. */
export async function hasReadyReplicas(api: ClusterApi, path: string): Promise<boolean> {
  const { status } = (await api.call(path)) as { status?: { readyReplicas?: number } };
  return (status?.readyReplicas ?? 0) > 0;
}
