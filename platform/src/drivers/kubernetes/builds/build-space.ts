import { errorText, type Logger } from "../../../kernel/index.ts";
import { KIND, type KubeClient, KubeError, type KubeObject } from "../client/index.ts";
import { MANAGED_BY } from "./build-labels.ts";
import { TRUST_FILE } from "./build-pod.ts";

/** What all builds of a namespace have in common. */
export interface BuildSpace {
  readonly namespace: string;
  /** What all builds together may set aside; no bounds when missing. */
  readonly quota?: { readonly pods: number; readonly memoryBytes: number };
  readonly priorityClass?: string;
  /** How much its pods may do, by the Pod Security Standards. */
  readonly level?: "restricted" | "privileged";
  /** The system's namespace, whose roles builds must not reach; none outside of a cluster. */
  readonly systemNamespace?: string;
}

/** The ConfigMap with the certificates that builds trust. */
export const TRUST = "conifer-trust";

const LEVEL = "pod-security.kubernetes.io";

export function makeBuildSpace(space: BuildSpace): (KubeObject & { readonly spec?: unknown })[] {
  const { namespace, quota, priorityClass, level = "restricted" } = space;
  const metadata = (name: string) => ({ name, namespace, labels: MANAGED_BY });
  const levels = ["enforce", "warn", "audit"].map((what) => [`${LEVEL}/${what}`, level]);
  return [
    {
      ...KIND_OF.namespace,
      metadata: { name: namespace, labels: { ...MANAGED_BY, ...Object.fromEntries(levels) } },
    },
    ...(priorityClass ? [makePriorityClass(priorityClass)] : []),
    ...(quota
      ? [
          {
            ...KIND_OF.resourceQuota,
            metadata: metadata("conifer-builds"),
            spec: {
              hard: { pods: String(quota.pods), "requests.memory": String(quota.memoryBytes) },
            },
          },
        ]
      : []),
    {
      ...KIND_OF.networkPolicy,
      metadata: metadata("conifer-builds"),
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"], egress: makeEgress(space) },
    },
  ];
}

/** Addresses at which clouds tell machines their secrets. */
const METADATA_ADDRESSES = { v4: ["169.254.0.0/16"], v6: ["fe80::/10", "fd00:ec2::254/128"] };
const DNS_PORTS = [
  { port: 53, protocol: "UDP" },
  { port: 53, protocol: "TCP" },
];
const REGISTRY_PORT = 6450;

/**
 * Nothing comes in. What goes out: names, our registry, and whatever is no pod and no metadata address. Pods' addresses are
 * not known here, so that a range of them is fenced by the policies of who is called: dynos and roles take nobody in whom
 * they do not name.
 */
function makeEgress({ systemNamespace }: BuildSpace): object[] {
  const blocks = [
    { cidr: "0.0.0.0/0", except: METADATA_ADDRESSES.v4 },
    { cidr: "::/0", except: METADATA_ADDRESSES.v6 },
  ];
  const registry = {
    to: [
      {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": systemNamespace } },
        podSelector: { matchLabels: { "conifer.dev/role": "registry" } },
      },
    ],
    ports: [{ port: REGISTRY_PORT, protocol: "TCP" }],
  };
  return [
    { to: [{ namespaceSelector: {} }], ports: DNS_PORTS },
    ...(systemNamespace ? [registry] : []),
    { to: blocks.map((ipBlock) => ({ ipBlock })) },
  ];
}

const KIND_OF = {
  namespace: { apiVersion: KIND.namespace.apiVersion, kind: KIND.namespace.kind },
  networkPolicy: { apiVersion: KIND.networkPolicy.apiVersion, kind: KIND.networkPolicy.kind },
  resourceQuota: { apiVersion: "v1", kind: "ResourceQuota" },
} as const;

/** Lower than what has no class; it never takes the place of a running pod. */
function makePriorityClass(name: string): KubeObject {
  return {
    ...{ apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name, labels: MANAGED_BY } },
    ...{
      value: -100,
      preemptionPolicy: "Never",
      description: "Builds of Conifer: they give way to dynos and take nobody's place.",
    },
  };
}

export function makeTrust(namespace: string, certificates: string): KubeObject {
  return {
    apiVersion: KIND.configMap.apiVersion,
    kind: KIND.configMap.kind,
    metadata: { name: TRUST, namespace, labels: MANAGED_BY },
    ...{ data: { [TRUST_FILE]: certificates } },
  };
}

/**
 * Makes what builds stand on, where this account may; what it may not is the installation's, and is only told of in the
 * log. Throws KubeError when the cluster does not answer.
 */
export async function ensureBuildSpace(
  client: KubeClient,
  objects: readonly KubeObject[],
  logger: Logger,
): Promise<void> {
  for (const object of objects)
    await client.apply(object).catch((thrown: unknown) => {
      if (!(thrown instanceof KubeError) || thrown.status !== 403) throw thrown;
      const { kind, metadata } = object;
      logger.info("left to the installation", { kind, name: metadata.name, reason: errorText(thrown) });
    });
}
