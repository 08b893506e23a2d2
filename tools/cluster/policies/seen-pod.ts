import type { Pod } from "../../../platform/src/drivers/kubernetes/client/index.ts";
import type { Labels } from "./network-policy.ts";

/** A pod as far as network policies look at it: one with addresses of its own. */
export interface SeenPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  /** The node it is on; undefined before it is on any. */
  readonly node: string | undefined;
  /** At most one of each family; none before the node has said so. */
  readonly addresses: readonly string[];
  readonly ports: readonly NamedPort[];
}

export interface NamedPort {
  readonly name: string;
  readonly protocol: string;
  readonly number: number;
}

interface Container {
  readonly ports?: readonly {
    readonly name?: string;
    readonly protocol?: string;
    readonly containerPort: number;
  }[];
  readonly restartPolicy?: string;
}

/** Undefined for a pod that has ended, whose address may be another's by now, and for one that shares its node's. */
export function seePod({ metadata, spec, status }: Pod): SeenPod | undefined {
  if (spec.hostNetwork === true) return undefined;
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return undefined;
  const addresses = (status?.podIPs ?? []).map(({ ip }) => ip);
  return {
    uid: metadata.uid ?? "",
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    labels: metadata.labels ?? {},
    node: spec.nodeName,
    addresses: addresses.length > 0 || !status?.podIP ? addresses : [status.podIP],
    ports: namedPorts(spec),
  };
}

/** Of containers that stay: those beside the pod's own that are meant to start first and go on count too. */
function namedPorts(spec: Pod["spec"]): NamedPort[] {
  const { containers = [], initContainers = [] } = spec as {
    containers?: readonly Container[];
    initContainers?: readonly Container[];
  };
  const staying = [...containers, ...initContainers.filter((one) => one.restartPolicy === "Always")];
  return staying.flatMap(({ ports = [] }) =>
    ports.flatMap(({ name, protocol = "TCP", containerPort }) =>
      name === undefined ? [] : [{ name, protocol, number: containerPort }],
    ),
  );
}
