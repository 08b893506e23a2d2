import type { KubernetesObject } from "./cluster-api.ts";

/** The label and taint of nodes that only pretend: what is to run there must say so. */
export const SIMULATED_NODE = "conifer-cluster/simulated";

const PREFIX = "simulated-";
const KWOK = "kwok.x-k8s.io/v1alpha1";

export const simulatedName = (number: number) => `${PREFIX}${number}`;

/** Which nodes to make and which to delete, so that there are as many as wanted; the highest numbers go first. */
export function planSimulated(
  names: readonly string[],
  wanted: number,
): { readonly make: readonly string[]; readonly remove: readonly string[] } {
  const want = Array.from({ length: wanted }, (_, at) => simulatedName(at + 1));
  const [there, keep] = [new Set(names), new Set(want)];
  return {
    make: want.filter((name) => !there.has(name)),
    remove: names.filter((name) => !keep.has(name)),
  };
}

/** A large node that does not exist. */
export function simulatedNode(name: string): KubernetesObject {
  const size = { cpu: "32", memory: "256Gi", "ephemeral-storage": "1Ti", pods: "110" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        [SIMULATED_NODE]: "true",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": process.arch === "x64" ? "amd64" : process.arch,
      },
    },
    spec: { taints: [{ key: SIMULATED_NODE, effect: "NoSchedule" }] },
    status: { capacity: size, allocatable: size },
  };
}

const notReady = {
  key: '.status.conditions.[] | select(.type == "Ready") | .status',
  operator: "NotIn",
  values: ["True"],
};

/** One condition of a status template. */
const condition = (type: string, status: string) =>
  `- {type: ${type}, status: "${status}", reason: Simulated, lastTransitionTime: {{ Now | Quote }}, lastHeartbeatTime: {{ Now | Quote }}}`;
/** Pods' conditions have no heartbeat. */
const podCondition = (type: string) =>
  `- {type: ${type}, status: "True", lastTransitionTime: {{ Now | Quote }}}`;

/**
 * What becomes of simulated objects, for kwok: a node is ready at once, a pod that is bound to one runs at once, and one
 * that is to be deleted is gone. kwok keeps the nodes' leases by itself.
 */
export function simulatedStages(): KubernetesObject[] {
  const stage = (name: string, kind: string, matchExpressions: readonly unknown[], next: unknown) => ({
    apiVersion: KWOK,
    kind: "Stage",
    metadata: { name },
    spec: { resourceRef: { apiGroup: "v1", kind }, selector: { matchExpressions }, next },
  });
  const deleted = (operator: string) => ({ key: ".metadata.deletionTimestamp", operator });
  const early = { key: ".status.phase", operator: "In", values: ["Pending", "Running"] };
  return [
    stage("node-is-ready", "Node", [notReady], { statusTemplate: NODE_STATUS }),
    stage("pod-runs", "Pod", [deleted("DoesNotExist"), early, notReady], { statusTemplate: POD_STATUS }),
    stage("pod-is-gone", "Pod", [deleted("Exists")], { delete: true }),
  ];
}

const NODE_STATUS = `phase: Running
addresses:
- {type: InternalIP, address: {{ NodeIP | Quote }}}
- {type: Hostname, address: {{ NodeName | Quote }}}
conditions:
${[condition("Ready", "True"), ...["Memory", "Disk", "PID"].map((what) => condition(`${what}Pressure`, "False"))].join("\n")}
`;

const POD_STATUS = `phase: Running
startTime: {{ Now | Quote }}
podIP: {{ index (PodIPsWith .spec.nodeName false .metadata.uid .metadata.name .metadata.namespace) 0 | Quote }}
conditions:
${["Initialized", "ContainersReady", "Ready"].map(podCondition).join("\n")}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: true
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ Now | Quote }}}}
{{ end }}
`;
