import { type KubeKind, pluralOf } from "@conifer/platform/kubernetes-client";

/** Versions of the API that have each kind of an installation. */
const VERSIONS = {
  Namespace: "v1",
  ConfigMap: "v1",
  Secret: "v1",
  Service: "v1",
  ServiceAccount: "v1",
  PersistentVolumeClaim: "v1",
  Pod: "v1",
  Node: "v1",
  ResourceQuota: "v1",
  LimitRange: "v1",
  ReplicaSet: "apps/v1",
  Deployment: "apps/v1",
  StatefulSet: "apps/v1",
  DaemonSet: "apps/v1",
  Role: "rbac.authorization.k8s.io/v1",
  RoleBinding: "rbac.authorization.k8s.io/v1",
  NetworkPolicy: "networking.k8s.io/v1",
  PodDisruptionBudget: "policy/v1",
  PriorityClass: "scheduling.k8s.io/v1",
  StorageClass: "storage.k8s.io/v1",
  Lease: "coordination.k8s.io/v1",
  HTTPRoute: "gateway.networking.k8s.io/v1",
  TCPRoute: "gateway.networking.k8s.io/v1alpha2",
} as const;

export type KindName = keyof typeof VERSIONS;

/** @throws Error for a kind that no installation has */
export function kindOf(kind: string): KubeKind {
  const apiVersion = Object.hasOwn(VERSIONS, kind) ? VERSIONS[kind as KindName] : undefined;
  if (!apiVersion) throw new Error(`an installation has no ${kind}`);
  return { apiVersion, kind, plural: pluralOf({ kind }) };
}
