/** The parts of Kubernetes' objects that Conifer reads or writes, in the API's own field names. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** RFC 3339, whole seconds. */
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export interface Secret extends KubeObject {
  readonly type?: string;
  /** Values in base64. */
  readonly data?: Readonly<Record<string, string>>;
}

/** Its pod's end, as the kubelet tells it. */
export interface TerminatedState {
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: TerminatedState;
}

export interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
  /** `containerd://<id>`; undefined until it was made. */
  readonly containerID?: string;
  readonly ready?: boolean;
  readonly started?: boolean;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

export interface PodStatus {
  readonly phase?: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
  /** The first of `podIPs`, in the cluster's preferred family. */
  readonly podIP?: string;
  /** Of its node. */
  readonly hostIP?: string;
  /** At most one of each family. */
  readonly podIPs?: readonly { readonly ip: string }[];
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
  readonly containerStatuses?: readonly ContainerStatus[];
}

export interface Pod extends KubeObject {
  readonly spec: { readonly nodeName?: string; readonly [field: string]: unknown };
  readonly status?: PodStatus;
}

export interface ReplicaSet extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

/** A kind of object and where the API keeps it. */
export interface KubeKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
}

export const KIND = {
  configMap: { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps" },
  secret: { apiVersion: "v1", kind: "Secret", plural: "secrets" },
  pod: { apiVersion: "v1", kind: "Pod", plural: "pods" },
  namespace: { apiVersion: "v1", kind: "Namespace", plural: "namespaces" },
  replicaSet: { apiVersion: "apps/v1", kind: "ReplicaSet", plural: "replicasets" },
  serviceAccount: { apiVersion: "v1", kind: "ServiceAccount", plural: "serviceaccounts" },
  resourceQuota: { apiVersion: "v1", kind: "ResourceQuota", plural: "resourcequotas" },
  limitRange: { apiVersion: "v1", kind: "LimitRange", plural: "limitranges" },
  networkPolicy: { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", plural: "networkpolicies" },
} as const satisfies Record<string, KubeKind>;

/** The path of a collection, or of one object in it; without a namespace for kinds that live in none. */
export function objectPath(
  kind: KubeKind,
  place: { readonly namespace?: string | undefined; readonly name?: string },
): string {
  const group = kind.apiVersion.includes("/") ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`;
  const namespace = place.namespace === undefined ? "" : `/namespaces/${encodeURIComponent(place.namespace)}`;
  const name = place.name === undefined ? "" : `/${encodeURIComponent(place.name)}`;
  return `${group}${namespace}/${kind.plural}${name}`;
}
