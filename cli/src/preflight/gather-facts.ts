import {
  type KubeClient,
  KubeError,
  type KubeObject,
  type KubePlace,
} from "@conifer/platform/kubernetes-client";
import { kindOf } from "../cluster/api-kinds.ts";
import { INSTALLATION_LABEL, type Manifest } from "../installation/installation-names.ts";
import { type NeededRight, sayRight } from "./needed-rights.ts";
import type { ClusterFacts, NodeFacts } from "./preflight.ts";

/** Asks the cluster; nothing is changed. @throws Error when the API server is not reached */
export async function gatherFacts(
  client: KubeClient,
  installation: string,
  rights: readonly NeededRight[],
): Promise<ClusterFacts> {
  const before = Date.now();
  const { value, date } = await client.ask("/version");
  const now = (before + Date.now()) / 2;
  const [missingRights, nodes, storageClasses, services, podSecurity] = await Promise.all([
    ifAllowed(() => findMissing(client, rights)),
    ifAllowed(() => readNodes(client)),
    ifAllowed(() => readStorageClasses(client)),
    ifAllowed(() => listAll<Service>(client, { kind: kindOf("Service") })),
    refusesUnknownLevel(client),
  ]);
  return {
    version: (value as { gitVersion?: string }).gitVersion ?? "",
    // The header has whole seconds, rounded down.
    clockAheadMs: date && Math.round(date.getTime() + 500 - now),
    ...{ missingRights, nodes, storageClasses, podSecurity },
    takenPorts: services && portsOfOthers(services, installation),
    balancerSeen: services?.some(hasAddress) ?? false,
  };
}

/** A question that we may not ask stays without an answer. */
async function ifAllowed<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (thrown) {
    if (thrown instanceof KubeError && thrown.status === 403) return undefined;
    throw thrown;
  }
}

async function listAll<T extends KubeObject>(client: KubeClient, place: KubePlace): Promise<readonly T[]> {
  return (await client.list<T>(place, {})).items;
}

/** So many are asked at a time. */
const AT_ONCE = 16;

async function findMissing(client: KubeClient, rights: readonly NeededRight[]): Promise<string[]> {
  const left = [...rights];
  const missing = new Set<NeededRight>();
  const ask = async () => {
    for (let right = left.shift(); right; right = left.shift()) {
      if (!(await isAllowed(client, right))) missing.add(right);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return rights.filter((right) => missing.has(right)).map(sayRight);
}

async function isAllowed(client: KubeClient, right: NeededRight): Promise<boolean> {
  const review: Manifest = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    metadata: { name: "" },
    spec: { resourceAttributes: right },
  };
  const { status } = await client.create<Manifest>(review);
  return (status as { allowed?: boolean } | undefined)?.allowed ?? false;
}

interface Node extends KubeObject {
  readonly spec?: { readonly providerID?: string; readonly unschedulable?: boolean };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly nodeInfo?: { readonly architecture?: string };
  };
}

async function readNodes(client: KubeClient): Promise<NodeFacts[]> {
  const nodes = await listAll<Node>(client, { kind: kindOf("Node") });
  return nodes.map(({ metadata, spec, status }) => ({
    name: metadata.name,
    architecture: status?.nodeInfo?.architecture ?? "unknown",
    ready:
      !spec?.unschedulable &&
      (status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false),
    ofCloud: Boolean(spec?.providerID),
  }));
}

const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

async function readStorageClasses(client: KubeClient) {
  const classes = await listAll(client, { kind: kindOf("StorageClass") });
  return classes.map(({ metadata }) => ({
    name: metadata.name,
    isDefault: metadata.annotations?.[DEFAULT_CLASS] === "true",
  }));
}

interface Service extends KubeObject {
  readonly spec?: { readonly ports?: readonly { readonly nodePort?: number }[] };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly unknown[] } };
}

const hasAddress = ({ status }: Service) => (status?.loadBalancer?.ingress?.length ?? 0) > 0;

function portsOfOthers(services: readonly Service[], installation: string) {
  return services
    .filter(({ metadata }) => metadata.labels?.[INSTALLATION_LABEL] !== installation)
    .flatMap(({ metadata, spec }) =>
      (spec?.ports ?? []).flatMap(({ nodePort }) =>
        nodePort ? [{ port: nodePort, owner: `${metadata.namespace}/${metadata.name}` }] : [],
      ),
    );
}

/** Pod Security checks a namespace's labels as it is made; that is tried, and not done. */
async function refusesUnknownLevel(client: KubeClient): Promise<boolean | undefined> {
  const name = "conifer-preflight";
  const labels = { "pod-security.kubernetes.io/enforce": "no-such-level" };
  try {
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
    await client.apply(namespace, { dryRun: true });
    return false;
  } catch (thrown) {
    if (!(thrown instanceof KubeError)) throw thrown;
    if (thrown.message.includes("pod-security.kubernetes.io/enforce")) return true;
    return undefined;
  }
}
