import type { ClusterFolders } from "./cluster-folders.ts";
import { nodeFolder } from "./cluster-folders.ts";
import type { ClusterPlan, NodePlan } from "./cluster-plan.ts";

/** One word of a shell command, whatever it holds. */
export const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * What a new node does first, in its namespaces: its own name, /run, /var/lib and /var/log, so that two nodes never write
 * the same file; and mounts that reach containers, which the kubelet's volumes need.
 */
export function mountScript(node: NodePlan, folders: ClusterFolders): string {
  const folder = nodeFolder(folders, node.name);
  return [
    `hostname ${node.name}`,
    "mount -t tmpfs -o mode=755 tmpfs /run",
    "mkdir -p /run/lock /run/netns",
    `mount --bind ${quote(`${folder}/lib`)} /var/lib`,
    `mount --bind ${quote(`${folder}/log`)} /var/log`,
    "mount --make-rshared /",
  ].join("\n");
}

/** A node's network, its cable being plugged in; may be done again. `routes` are of `nodeRoutes`. */
export function networkScript(
  plan: ClusterPlan,
  node: NodePlan,
  mtu: number,
  routes: readonly string[],
): string {
  const commands = [
    "link set lo up",
    `link set eth0 mtu ${mtu} up`,
    `address replace ${node.address.v4}/24 dev eth0`,
    ...(plan.dualStack ? [`address replace ${node.address.v6}/64 dev eth0 nodad`] : []),
    ...routes,
  ];
  return [
    // Pods of one node reach each other over a bridge; Services among them need the packet filter there too.
    "if ! [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then",
    "  modprobe br_netfilter || { echo 'The kernel lacks br_netfilter.' >&2; exit 1; }",
    "fi",
    "sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1",
    // Also where pods have no IPv6 address but the one that every link has: network policies hold there too.
    "sysctl -qw net.bridge.bridge-nf-call-ip6tables=1",
    ...(plan.dualStack ? ["sysctl -qw net.ipv6.conf.all.forwarding=1"] : []),
    `ip -batch - <<'END'\n${commands.join("\n")}\nEND`,
  ].join("\n");
}
