import { type ClusterFolders, nodeFolder } from "./cluster-folders.ts";
import type { MachineFacts } from "./cluster-machine.ts";
import { type ClusterPlan, families, familyList, type NodePlan } from "./cluster-plan.ts";

/** What is the same in all of a cluster's files. */
export interface FileContext extends MachineFacts {
  readonly plan: ClusterPlan;
  readonly folders: ClusterFolders;
}

/** The image that holds a pod's namespaces; it is on every node and nowhere else. */
export const PAUSE_IMAGE = "localhost/pause:conifer";
/** The network that pods are put on, and the device of each node that it hangs on. */
export const POD_NETWORK = { name: "pods", bridge: "pods0" } as const;
export const CONTAINERD_SOCKET = "/run/containerd/containerd.sock";

/** The files of a node by path. Writing them again is no change. */
export function nodeFiles(context: FileContext, node: NodePlan): Readonly<Record<string, string>> {
  const folder = nodeFolder(context.folders, node.name);
  return {
    [`${folder}/cni/10-pods.conflist`]: json(podNetwork(context, node)),
    [`${folder}/containerd.toml`]: containerdConfig(context, node),
    [`${folder}/kubelet.json`]: json(kubeletConfig(context, node)),
    [`${folder}/kube-proxy.json`]: json(proxyConfig(context, node)),
  };
}

/** The files that all nodes share. */
export function sharedFiles({ plan, folders, nameServers }: FileContext): Readonly<Record<string, string>> {
  const servers = plan.egress && nameServers.length > 0 ? nameServers : ["127.0.0.1"]; // where nothing answers
  return {
    [`${folders.state}/resolv.conf`]: servers.map((one) => `nameserver ${one}\n`).join(""),
    [`${folders.state}/registries/${plan.registry}/hosts.toml`]: [
      `server = "http://${plan.registry}"`,
      `[host."http://${plan.registry}"]`,
      '  capabilities = ["pull", "resolve"]',
      "",
    ].join("\n"),
  };
}

const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

/** Pods hang on a bridge of their node; the node's routes lead to those of the others. */
function podNetwork({ plan, mtu }: FileContext, node: NodePlan): unknown {
  return {
    cniVersion: "1.0.0",
    name: POD_NETWORK.name,
    plugins: [
      {
        type: "bridge",
        bridge: POD_NETWORK.bridge,
        isDefaultGateway: true,
        hairpinMode: true, // a pod may meet itself behind a Service
        ipMasq: false,
        mtu,
        ipam: { type: "host-local", ranges: familyList(plan, node.pods).map((subnet) => [{ subnet }]) },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

/**
 * containerd 1.6 as Debian has it. Three settings make up for what a container or a small kernel may not do: no lowering
 * of the OOM score, no AppArmor, no huge pages.
 */
function containerdConfig({ folders }: FileContext, node: NodePlan): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp",
]
[grpc]
  address = "${CONTAINERD_SOCKET}"
[${cri}]
  sandbox_image = "${PAUSE_IMAGE}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  netns_mounts_under_state_dir = true
[${cri}.containerd]
  snapshotter = "overlayfs"
[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.options]
  SystemdCgroup = false
[${cri}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${nodeFolder(folders, node.name)}/cni"
[${cri}.registry]
  config_path = "${folders.state}/registries"
`;
}

/** The share of the machine's memory that all nodes' pods may have together. */
const MEMORY_FOR_PODS = 0.8;

/** Every node believes the whole machine is its own; what it must not promise to pods is the others' share. */
export function reservedMemory(memory: number, nodes: number): string {
  return `${Math.ceil((memory - (memory * MEMORY_FOR_PODS) / nodes) / 2 ** 20)}Mi`;
}

function kubeletConfig({ plan, folders, memory }: FileContext, node: NodePlan): unknown {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${folders.certificates}/ca.crt` },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: `${folders.certificates}/${node.name}.crt`,
    tlsPrivateKeyFile: `${folders.certificates}/${node.name}.key`,
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${plan.cgroup}/${node.name}`,
    failCgroupV1: false,
    failSwapOn: false,
    resolvConf: `${folders.state}/resolv.conf`,
    clusterDomain: "cluster.local",
    clusterDNS: [plan.dnsService],
    maxPods: 200,
    podPidsLimit: 1_024,
    serializeImagePulls: false,
    imageGCHighThresholdPercent: 100, // images that were given by hand cannot be had again
    systemReserved: { memory: reservedMemory(memory, plan.nodes) },
    evictionHard: {
      "memory.available": "100Mi",
      "nodefs.available": "1%",
      "nodefs.inodesFree": "1%",
      "imagefs.available": "1%",
    },
  };
}

function proxyConfig({ plan, folders }: FileContext, node: NodePlan): unknown {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "iptables",
    hostnameOverride: node.name,
    clusterCIDR: families(plan, plan.allPods),
    clientConnection: { kubeconfig: `${folders.certificates}/kube-proxy.kubeconfig` },
    // All zero: the table of connections is the kernel's, and only the host's own namespace may resize it.
    conntrack: {
      maxPerCore: 0,
      min: 0,
      tcpEstablishedTimeout: "0s",
      tcpCloseWaitTimeout: "0s",
    },
    iptables: { minSyncPeriod: "100ms" },
  };
}
