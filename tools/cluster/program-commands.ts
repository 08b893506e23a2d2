import { join } from "node:path";
import { type ClusterFolders, nodeFolder } from "./cluster-folders.ts";
import { type ClusterPlan, families, type NodePlan } from "./cluster-plan.ts";

/** The label of nodes that run what they are given; simulated ones do not have it. */
export const REAL_NODE = "conifer-cluster/real";

/** A program of a node: the name that it goes by in /proc, and its arguments. */
export interface ProgramCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** The file with its settings, where it reads them only once. */
  readonly settings?: string;
  /** It sees the machine's files, not the node's. */
  readonly outside?: true;
}

/** Options as `--name=value`; true stands for the name alone. */
function options(values: Readonly<Record<string, string | boolean>>): string[] {
  return Object.entries(values).map(([name, value]) =>
    value === true ? `--${name}` : `--${name}=${String(value)}`,
  );
}

/** etcd and the API server, which start at once: the API server waits for etcd by itself. */
export function storeCommands(plan: ClusterPlan, folders: ClusterFolders): ProgramCommand[] {
  return [
    { program: "etcd", args: etcdOptions(folders) },
    { program: "kube-apiserver", args: apiServerOptions(plan, folders) },
  ];
}

/** The file that says how Secrets are sealed in etcd. */
export const encryptionFile = ({ state }: ClusterFolders) => join(state, "encryption.json");

/** Reached from its own node only. Without fsync it survives the kill of any process, not the machine's loss of power. */
function etcdOptions({ state }: ClusterFolders): string[] {
  const client = "http://127.0.0.1:2379";
  const peer = "http://127.0.0.1:2380";
  return options({
    name: "it",
    "data-dir": join(state, "etcd"),
    "unsafe-no-fsync": true,
    "log-level": "warn",
    "quota-backend-bytes": String(8 * 2 ** 30),
    "listen-client-urls": client,
    "advertise-client-urls": client,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": `it=${peer}`,
  });
}

function apiServerOptions(plan: ClusterPlan, folders: ClusterFolders): string[] {
  const file = (name: string) => join(folders.certificates, name);
  return options({
    "etcd-servers": "http://127.0.0.1:2379",
    "encryption-provider-config": encryptionFile(folders),
    "advertise-address": plan.members[0]?.address.v4 ?? "",
    "service-cluster-ip-range": families(plan, plan.services),
    "allow-privileged": true,
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "client-ca-file": file("ca.crt"),
    "tls-cert-file": file("kube-apiserver.crt"),
    "tls-private-key-file": file("kube-apiserver.key"),
    "kubelet-certificate-authority": file("ca.crt"),
    "kubelet-client-certificate": file("kubelet-client.crt"),
    "kubelet-client-key": file("kubelet-client.key"),
    "kubelet-preferred-address-types": "InternalIP",
    "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
    "service-account-key-file": file("service-accounts.pub"),
    "service-account-signing-key-file": file("service-accounts.key"),
    // Requests that the API server passes on to another, such as a metrics server, come with these.
    "requestheader-client-ca-file": file("front-ca.crt"),
    "requestheader-allowed-names": "front-proxy",
    "requestheader-username-headers": "X-Remote-User",
    "requestheader-group-headers": "X-Remote-Group",
    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    "proxy-client-cert-file": file("front-proxy.crt"),
    "proxy-client-key-file": file("front-proxy.key"),
  });
}

/** The controllers and the scheduler, which end when no API server answers yet: they start after it. */
export function controllerCommands(plan: ClusterPlan, { certificates }: ClusterFolders): ProgramCommand[] {
  const file = (name: string) => join(certificates, name);
  const asClient = (name: string) => ({
    kubeconfig: file(`${name}.kubeconfig`),
    "authentication-kubeconfig": file(`${name}.kubeconfig`),
    "authorization-kubeconfig": file(`${name}.kubeconfig`),
    "leader-elect": false,
    // The default fills a ReplicaSet with 20 pods a second.
    "kube-api-qps": "200",
    "kube-api-burst": "400",
  });
  return [
    {
      program: "kube-controller-manager",
      args: options({
        ...asClient("kube-controller-manager"),
        "use-service-account-credentials": true,
        "root-ca-file": file("ca.crt"),
        "service-account-private-key-file": file("service-accounts.key"),
        "cluster-signing-cert-file": file("ca.crt"),
        "cluster-signing-key-file": file("ca.key"),
        "cluster-cidr": families(plan, plan.allPods),
        "service-cluster-ip-range": families(plan, plan.services),
        "allocate-node-cidrs": false,
      }),
    },
    { program: "kube-scheduler", args: options(asClient("kube-scheduler")) },
  ];
}

/** What runs on every node beside containerd. */
export function nodeCommands(plan: ClusterPlan, folders: ClusterFolders, node: NodePlan): ProgramCommand[] {
  const settings = (program: string) => join(nodeFolder(folders, node.name), `${program}.json`);
  return [
    {
      program: "kubelet",
      settings: settings("kubelet"),
      args: options({
        config: settings("kubelet"),
        kubeconfig: join(folders.certificates, `${node.name}.kubeconfig`),
        "hostname-override": node.name,
        "node-ip": families(plan, node.address),
        "node-labels": `${REAL_NODE}=true`,
      }),
    },
    {
      program: "kube-proxy",
      settings: settings("kube-proxy"),
      args: options({ config: settings("kube-proxy") }),
    },
  ];
}
