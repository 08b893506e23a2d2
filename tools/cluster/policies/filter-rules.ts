import { createHash } from "node:crypto";
import { isIP, isIPv4, isIPv6 } from "node:net";
import type { AllowedFlow, Isolation, Peers, PodFence, PortRange } from "./allowed-flows.ts";

/** The table that is ours in a node's packet filter; nobody else's is touched. */
export const TABLE = "conifer_policies";

const FAMILIES = [
  { word: "ip", type: "ipv4_addr", suffix: "4", has: isIPv4 },
  { word: "ip6", type: "ipv6_addr", suffix: "6", has: isIPv6 },
] as const;
type Family = (typeof FAMILIES)[number];

/**
 * What `nft -f` is told, so that a node's packet filter holds the fences of its pods: our table anew, in one step. What
 * comes off the pods' bridge under an address that no fence names, or goes there, is dropped: a pod that has just begun,
 * a forged sender, an address of a pod's link. Only the neighbors' finding each other is left.
 * @param bridge the network device that the node's pods hang on
 */
export function filterRules(bridge: string, fences: readonly PodFence[]): string {
  const chains = new Map<string, string[]>();
  const gates = FAMILIES.flatMap((family) => [
    ...gateMap(`from${family.suffix}`, family, fences, (fence) => verdict("out", fence.egress, chains)),
    ...gateMap(`to${family.suffix}`, family, fences, (fence) => verdict("in", fence.ingress, chains)),
  ]);
  return [
    `table inet ${TABLE}`,
    `delete table inet ${TABLE}`,
    `table inet ${TABLE} {`,
    ...gates,
    ...[...chains]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([name, lines]) => chain(name, lines)),
    ...chain("from_pods", ["ip saddr vmap @from4", "ip6 saddr vmap @from6", "drop"]),
    ...chain("to_pods", ["ip daddr vmap @to4", "ip6 daddr vmap @to6", "drop"]),
    ...chain("passing", [
      "type filter hook forward priority filter - 5; policy accept;",
      ...ALWAYS,
      `iifname "${bridge}" jump from_pods`,
      `oifname "${bridge}" jump to_pods`,
    ]),
    ...chain("to_node", [
      "type filter hook input priority filter - 5; policy accept;",
      ...ALWAYS,
      `iifname "${bridge}" jump from_pods`,
    ]),
    "}",
    "",
  ].join("\n");
}

const ALWAYS = [
  "ct state established,related accept",
  "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
];

function chain(name: string, lines: readonly string[]): string[] {
  return [`  chain ${name} {`, ...lines.map((line) => `    ${line}`), "  }"];
}

/** From a pod's address to what is to become of a packet. Where two pods seem to have one address, it may do nothing. */
function gateMap(
  name: string,
  { type, has }: Family,
  fences: readonly PodFence[],
  verdictOf: (fence: PodFence) => string,
): string[] {
  const entries = new Map<string, string>();
  for (const fence of fences) {
    for (const address of fence.pod.addresses.filter(has)) {
      const found = entries.get(address);
      const own = verdictOf(fence);
      entries.set(address, found === undefined || found === own ? own : "drop");
    }
  }
  const elements = [...entries].map(([address, then]) => `${address} : ${then}`).sort();
  return [
    `  map ${name} {`,
    `    type ${type} : verdict`,
    ...(elements.length > 0 ? [`    elements = { ${elements.join(", ")} }`] : []),
    "  }",
  ];
}

/** `return` leads on to the next question; pods that may do the same share a chain, which is named by what it says. */
function verdict(side: "in" | "out", isolation: Isolation, chains: Map<string, string[]>): string {
  if (isolation === "open") return "return";
  const lines = [...new Set(isolation.flatMap((flow) => flowLines(side, flow)))].sort();
  if (lines.length === 0) return "drop";
  const text = lines.join("\n");
  const name = `${side}_${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
  chains.set(name, [...lines, "drop"]);
  return `goto ${name}`;
}

function flowLines(side: "in" | "out", { peers, ports }: AllowedFlow): string[] {
  return peerMatches(side === "in" ? "saddr" : "daddr", peers).flatMap((match) =>
    portMatches(ports).map((port) => [match, port, "return"].filter((part) => part !== "").join(" ")),
  );
}

/** Nothing is matched by an address that is none: what cannot be read allows nothing. */
function peerMatches(side: "saddr" | "daddr", peers: Peers): string[] {
  if (peers.kind === "anyone") return [""];
  if (peers.kind === "addresses") {
    return FAMILIES.flatMap(({ word, has }) => {
      const own = [...new Set(peers.addresses.filter(has))].sort();
      return own.length > 0 ? [`${word} ${side} { ${own.join(", ")} }`] : [];
    });
  }
  const { cidr, except } = peers;
  const family = FAMILIES.find(({ has }) => has(cidr.split("/")[0] ?? ""));
  if (!family || ![cidr, ...except].every(isRange)) return [];
  const own = `${family.word} ${side}`;
  const holes = except.filter((range) => family.has(range.split("/")[0] ?? ""));
  return [[`${own} ${cidr}`, ...holes.map((range) => `${own} != ${range}`)].join(" ")];
}

function isRange(text: string): boolean {
  const [, address = "", bits] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(bits) <= (version === 4 ? 32 : 128);
}

const PROTOCOLS: Readonly<Record<string, string>> = { TCP: "tcp", UDP: "udp", SCTP: "sctp" };

function portMatches(ports: "all" | readonly PortRange[]): string[] {
  if (ports === "all") return [""];
  return ports.flatMap(({ protocol, first, last }) => {
    const word = PROTOCOLS[protocol];
    if (word === undefined || !(first <= last)) return [];
    return [`${word} dport ${first === last ? first : `${first}-${last}`}`];
  });
}
