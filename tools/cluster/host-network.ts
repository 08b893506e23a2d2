import { bridgeOf, type ClusterPlan } from "./cluster-plan.ts";
import { runProgram, tryProgram } from "./run-program.ts";

/** The host's side of the network: a bridge that every node is plugged into, and the ways to pods and Services. */
export async function connectHost(plan: ClusterPlan, mtu: number): Promise<void> {
  if (!(await tryProgram("ip", ["link", "show", plan.bridge]))) {
    await runProgram("ip", ["link", "add", plan.bridge, "type", "bridge"]);
  }
  await runProgram("ip", ["-batch", "-"], { input: hostCommands(plan, mtu).join("\n") });
  await setEgress(plan);
}

/** What `ip -batch` is told; the same commands may be given again. */
export function hostCommands(plan: ClusterPlan, mtu: number): string[] {
  const { bridge, host, members, dualStack, services } = plan;
  const first = members[0]?.address;
  return [
    `link set ${bridge} mtu ${mtu} up`,
    `address replace ${host.v4}/24 dev ${bridge}`,
    ...members.map(({ pods, address }) => `route replace ${pods.v4} via ${address.v4} dev ${bridge}`),
    `route replace ${services.v4} via ${first?.v4} dev ${bridge}`,
    ...(dualStack
      ? [
          `address replace ${host.v6}/64 dev ${bridge} nodad`,
          ...members.map(({ pods, address }) => `route replace ${pods.v6} via ${address.v6} dev ${bridge}`),
          `route replace ${services.v6} via ${first?.v6} dev ${bridge}`,
        ]
      : []),
  ];
}

/** A rule of the host's packet filter: which table and chain, and what it says. */
export interface FilterRule {
  readonly table: "nat" | "filter";
  readonly chain: string;
  readonly rule: readonly string[];
}

/** How a cluster's rules are told from everybody else's. */
export const ruleMark = (name: string) => `conifer-cluster:${name}`;

/**
 * What leaves the cluster takes the host's address, and a host that forwards nothing by itself (as those with a container
 * engine do) lets it through. IPv4 only: forwarding IPv6 would cost the host the routes that it hears from its router.
 */
export function egressRules({ name, bridge, block }: ClusterPlan): FilterRule[] {
  const comment = ["-m", "comment", "--comment", ruleMark(name)];
  return [
    {
      table: "nat",
      chain: "POSTROUTING",
      rule: ["-s", block.v4, "!", "-d", block.v4, ...comment, "-j", "MASQUERADE"],
    },
    { table: "filter", chain: "FORWARD", rule: ["-i", bridge, ...comment, "-j", "ACCEPT"] },
    { table: "filter", chain: "FORWARD", rule: ["-o", bridge, ...comment, "-j", "ACCEPT"] },
  ];
}

async function setEgress(plan: ClusterPlan): Promise<void> {
  if (!plan.egress) return removeEgress(plan.name);
  for (const { table, chain, rule } of egressRules(plan)) {
    const there = await tryProgram("iptables", ["-w", "10", "-t", table, "-C", chain, ...rule]);
    if (!there) await runProgram("iptables", ["-w", "10", "-t", table, "-I", chain, ...rule]);
  }
}

/** Takes away every rule that carries the cluster's mark, whatever it says. */
export async function removeEgress(name: string): Promise<void> {
  for (const table of ["nat", "filter"]) {
    const listed = await runProgram("iptables", ["-w", "10", "-t", table, "-S"]);
    for (const rule of markedRules(listed, name)) {
      await runProgram("iptables", ["-w", "10", "-t", table, "-D", ...rule]);
    }
  }
}

/** The rules with the cluster's mark in what `iptables -S` lists, each as the arguments that follow `-D`. */
export function markedRules(listed: string, name: string): string[][] {
  const marked = new RegExp(`^-A .*--comment ("?)${ruleMark(name)}\\1(?: |$)`);
  return listed
    .split("\n")
    .filter((line) => marked.test(line))
    .map((line) =>
      line
        .slice(3)
        .split(/\s+/)
        .map((word) => word.replaceAll('"', ""))
        .filter((word) => word !== ""),
    );
}

/** Takes the bridge away, with the routes that lead over it, and what is left of the nodes' cables. */
export async function disconnectHost(name: string): Promise<void> {
  await removeEgress(name);
  const links = JSON.parse((await runProgram("ip", ["-json", "link"])) || "[]") as { ifname: string }[];
  const own = links.map(({ ifname }) => ifname).filter((link) => isLinkOf(link, name));
  for (const link of own) await tryProgram("ip", ["link", "del", link]); // a node's end takes this one with it
}

/** Whether a network device of the host belongs to the cluster: its bridge or one end of a node's cable. */
export function isLinkOf(link: string, name: string): boolean {
  const bridge = bridgeOf(name);
  return link === bridge || (link.startsWith(`${bridge}-`) && /^\d$/.test(link.slice(bridge.length + 1)));
}

/** The ways from one node to the others' pods and, with egress, to the outside: for `ip -batch` within the node. */
export function nodeRoutes(plan: ClusterPlan, number: number): string[] {
  const { members, dualStack, services, egress, host } = plan;
  const own = members.find((one) => one.number === number)?.address;
  const others = members.filter((one) => one.number !== number);
  return [
    // Packets to a Service need some route, or they never come to where their address is replaced.
    `route replace ${services.v4} dev eth0 src ${own?.v4}`,
    ...others.map(({ pods, address }) => `route replace ${pods.v4} via ${address.v4}`),
    ...(egress ? [`route replace default via ${host.v4}`] : ["route flush exact default"]),
    ...(dualStack
      ? [
          `route replace ${services.v6} dev eth0 src ${own?.v6}`,
          ...others.map(({ pods, address }) => `route replace ${pods.v6} via ${address.v6}`),
        ]
      : []),
  ];
}
