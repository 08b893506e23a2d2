import { KIND, type KubeObject, type Pod, type ReplicaSet, type Secret } from "../client/index.ts";
import { LABEL } from "./dyno-labels.ts";
import { digestOfData, readDynoBody } from "./dyno-manifests.ts";
import type { SecretTrace } from "./plan-objects.ts";

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

/** Of a Secret nothing of what it holds but a digest. */
export interface KeptSecret extends KubeObject {
  readonly trace: SecretTrace;
}

export function keptSecret(object: KubeObject): KeptSecret {
  if ("trace" in object) return object as KeptSecret;
  const { apiVersion, kind, metadata } = withoutTrail(object);
  return {
    ...{ apiVersion, kind, metadata },
    trace: {
      uid: metadata.uid ?? "",
      resourceVersion: metadata.resourceVersion ?? "",
      createdAt: Date.parse(metadata.creationTimestamp ?? "") || 0,
      part: metadata.labels?.[LABEL.part],
      body: readDynoBody(object),
      dataDigest: digestOfData((object as Secret).data),
      leaving: metadata.deletionTimestamp !== undefined,
    },
  };
}

/** What is kept of an object of a space; of what is kept, that same. */
export function keptObject(object: KubeObject): KubeObject {
  if (object.kind === KIND.secret.kind) return keptSecret(object);
  if (object.kind === KIND.replicaSet.kind) return keptSet(object as ReplicaSet);
  return object.kind === KIND.pod.kind ? keptPod(object as Pod) : withoutTrail(object);
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
