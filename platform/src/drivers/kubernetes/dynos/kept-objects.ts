import type { KubeObject, Pod, ReplicaSet } from "../client/index.ts";

/** Of a pod what is asked of it: where it is and how it fares. The rest is most of its text. */
export function keptPod(pod: Pod): Pod {
  const { nodeName, terminationGracePeriodSeconds, affinity } = pod.spec;
  const { phase, reason, message, podIP, podIPs, containerStatuses } = pod.status ?? {};
  return {
    ...withoutTrail(pod),
    spec: defined({ nodeName, terminationGracePeriodSeconds, affinity }),
    ...(pod.status
      ? { status: defined({ phase, reason, message, podIP, podIPs, containerStatuses }) as Pod["status"] }
      : {}),
  };
}

/** Of a set all that we write, to be compared, and why it makes no pod. */
export function keptSet(set: ReplicaSet): ReplicaSet {
  const conditions = set.status?.conditions;
  const { status: _status, ...rest } = withoutTrail(set);
  return { ...rest, ...(conditions ? { status: { conditions } } : {}) };
}

/** Nobody asks for the list of who wrote which field, which is long. */
function withoutTrail<T extends KubeObject>(object: T): T {
  const { managedFields: _trail, ...metadata } = object.metadata as T["metadata"] & {
    readonly managedFields?: unknown;
  };
  return { ...object, metadata };
}

function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
