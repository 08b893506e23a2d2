import type { KubernetesObject } from "./cluster-api.ts";
import type { ClusterPlan } from "./cluster-plan.ts";
import { PAUSE_IMAGE } from "./node-files.ts";
import { REAL_NODE } from "./program-commands.ts";

const NAME = "coredns";
const NAMESPACE = "kube-system";
const LABELS = { "k8s-app": "kube-dns" };
const DOMAIN = "cluster.local";

/**
 * What answers names: those of Services from the cluster itself, all others from the host's name servers, or with "no
 * such name" where there is no way out. The second block is one of its own, since `template` would swallow all in the first.
 */
export function corefile(forwardTo: readonly string[]): string {
  const elsewhere =
    forwardTo.length > 0
      ? `  forward . ${forwardTo.join(" ")}\n  cache 30`
      : "  template ANY ANY {\n    rcode NXDOMAIN\n  }";
  return `${DOMAIN}:53 in-addr.arpa:53 ip6.arpa:53 {
  errors
  health
  ready
  kubernetes ${DOMAIN} in-addr.arpa ip6.arpa {
    pods insecure
    ttl 5
  }
  cache 5
  loadbalance
  reload 2s
}
.:53 {
  errors
${elsewhere}
}
`;
}

/** Cluster DNS as objects. `programs` is the folder on the nodes that holds the program, so that no image need hold it. */
export function dnsObjects(
  plan: ClusterPlan,
  programs: string,
  forwardTo: readonly string[],
): KubernetesObject[] {
  const metadata = { name: NAME, namespace: NAMESPACE };
  const rbac = "rbac.authorization.k8s.io";
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name: NAME },
      rules: [
        {
          apiGroups: [""],
          resources: ["endpoints", "services", "pods", "namespaces"],
          verbs: ["list", "watch"],
        },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: NAME },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: NAME },
      subjects: [{ kind: "ServiceAccount", ...metadata }],
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { Corefile: corefile(forwardTo) } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns", namespace: NAMESPACE, labels: LABELS },
      spec: {
        clusterIP: plan.dnsService,
        ipFamilyPolicy: "SingleStack",
        selector: LABELS,
        ports: [
          { name: "dns", port: 53, protocol: "UDP" },
          { name: "dns-tcp", port: 53, protocol: "TCP" },
        ],
      },
    },
    dnsDeployment(programs),
  ];
}

/** The path of the Deployment's status. */
export const DNS_PATH = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${NAME}`;

/** The path of the list of its pods. */
export const DNS_PODS_PATH = `/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=k8s-app%3Dkube-dns`;

const READY = { path: "/ready", port: 8181 };

/** The path on which the API server passes on what one of the pods itself says of whether it is ready. */
export const dnsReadyPath = (pod: string) =>
  `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:${READY.port}/proxy${READY.path}`;

function dnsDeployment(programs: string): KubernetesObject {
  const mounted = "/programs";
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: NAME, namespace: NAMESPACE },
    spec: {
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          serviceAccountName: NAME,
          dnsPolicy: "Default",
          priorityClassName: "system-cluster-critical",
          tolerations: [{ operator: "Exists" }],
          nodeSelector: { [REAL_NODE]: "true" }, // a simulated node would only pretend to run it
          containers: [
            {
              name: NAME,
              image: PAUSE_IMAGE,
              imagePullPolicy: "Never",
              command: [`${mounted}/coredns`, "-conf", "/configuration/Corefile"],
              resources: { requests: { cpu: "50m", memory: "70Mi" }, limits: { memory: "256Mi" } },
              readinessProbe: { httpGet: READY, periodSeconds: 2 },
              livenessProbe: { httpGet: { path: "/health", port: 8080 } },
              volumeMounts: [
                { name: "configuration", mountPath: "/configuration" },
                { name: "programs", mountPath: mounted, readOnly: true },
              ],
            },
          ],
          volumes: [
            { name: "configuration", configMap: { name: NAME } },
            { name: "programs", hostPath: { path: programs, type: "Directory" } },
          ],
        },
      },
    },
  };
}
