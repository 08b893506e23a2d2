import type { Pod, ReplicaSet } from "../client/index.ts";
import { LABEL } from "./dyno-labels.ts";
import { DYNO_PORTS, dynoPort } from "./dyno-manifests.ts";

/** Pods of each node that are asked whether anything answers there. */
const ASKED_PODS = 3;

/** Where a pod is asked. */
export interface AskedPod {
  readonly host: string;
  readonly port: number;
}

/**
 * By node, some pods to ask. The port is one that routers and workers may call and where nobody listens: the pod's
 * kernel refuses at once, however busy its processes are, and the app hears nothing of it.
 */
export function podsToAsk(pods: Iterable<Pod>): ReadonlyMap<string, readonly AskedPod[]> {
  const byNode = new Map<string, AskedPod[]>();
  for (const pod of pods) {
    const node = pod.spec.nodeName;
    const host = pod.status?.podIP;
    if (!node || !host || !isRunning(pod)) continue;
    const asked = byNode.get(node) ?? [];
    if (asked.length < ASKED_PODS) asked.push({ host, port: quietPort(pod) });
    byNode.set(node, asked);
  }
  return byNode;
}

function isRunning({ metadata, status }: Pod): boolean {
  const runs = status?.containerStatuses?.[0]?.state?.running !== undefined;
  return runs && metadata.deletionTimestamp === undefined && isFormation(metadata);
}

function isFormation({ labels }: Pod["metadata"]): boolean {
  return labels?.[LABEL.part] === "formation";
}

function quietPort({ metadata }: Pod): number {
  const own = dynoPort(metadata.labels?.[LABEL.dyno] ?? "");
  return own === DYNO_PORTS.last ? DYNO_PORTS.first : own + 1;
}

export function nodesHolding(pods: Iterable<Pod>): ReadonlySet<string> {
  return new Set([...pods].flatMap(({ spec }) => spec.nodeName ?? []));
}

/**
 * Pods of formations that nobody has told to go and that are to be made anew: on nodes which are lost; or nowhere yet, made
 * when nodes were lost that are back.
 */
export function podsToReplace(pods: Iterable<Pod>, lost: ReadonlySet<string>): Pod[] {
  return [...pods].filter(({ metadata, spec }) => {
    if (metadata.deletionTimestamp !== undefined || !isFormation(metadata)) return false;
    if (spec.nodeName) return lost.has(spec.nodeName);
    return [...avoidedBy(spec)].some((node) => !lost.has(node));
  });
}

const NODE_NAME = "metadata.name";

/** A change of a set's template that keeps its next pods off these nodes; of none: it takes such a change back. */
export function avoidNodes(nodes: ReadonlySet<string>): unknown {
  const matchFields = [...nodes]
    .sort()
    .map((node) => ({ key: NODE_NAME, operator: "NotIn", values: [node] }));
  const required = { nodeSelectorTerms: [{ matchFields }] };
  const affinity =
    nodes.size === 0 ? null : { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
  return { spec: { template: { spec: { affinity } } } };
}

/** The nodes that a set's next pods keep off. */
export function avoidedNodes({ spec }: Pick<ReplicaSet, "spec">): ReadonlySet<string> {
  const { template } = spec as { readonly template?: { readonly spec?: Readonly<Record<string, unknown>> } };
  return avoidedBy(template?.spec ?? {});
}

function avoidedBy({ affinity }: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const written = affinity as WrittenAffinity | undefined;
  const required = written?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const fields = required?.nodeSelectorTerms?.[0]?.matchFields ?? [];
  return new Set(fields.filter(({ key }) => key === NODE_NAME).flatMap(({ values = [] }) => values));
}

interface WrittenAffinity {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: {
      readonly nodeSelectorTerms?: readonly {
        readonly matchFields?: readonly { readonly key: string; readonly values?: readonly string[] }[];
      }[];
    };
  };
}
