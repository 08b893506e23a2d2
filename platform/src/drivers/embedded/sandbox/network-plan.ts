import { createHash } from "node:crypto";
import { isIPv4 } from "node:net";

/** The addresses of an instance's dynos: a /16 of IPv4 and a /48 of IPv6 that nobody else here uses. */
export interface AddressPlan {
  /** First two bytes of every IPv4 address, such as `10.200`. */
  readonly ipv4Prefix: string;
  /** First 48 bits of every IPv6 address (RFC 4193), such as `fd12:3456:789a`. */
  readonly ipv6Prefix: string;
  /** What the names of the interfaces begin with; with a number behind it at most 15 characters. */
  readonly interfacePrefix: string;
  /** Name of the firewall's table. */
  readonly table: string;
  /** Whose it is. */
  readonly home: string;
}

/** One dyno's link: this machine's end and its own, in a network of four addresses. Without IPv6 where this machine has none. */
export interface LinkPlan {
  readonly name: string;
  readonly host4: string;
  readonly dyno4: string;
  readonly host6?: string;
  readonly dyno6?: string;
}

/** How many links a plan has room for. */
export const MOST_LINKS = 2 ** 14;

/** Where an instance may begin to look for a free range: 10.128.0.0 to 10.223.0.0. */
const RANGES = { first: 128, count: 96 };

/** A plan for the instance whose range meets none of the addresses in use; undefined when all ranges do. */
export function planAddresses(home: string, inUse: readonly string[]): AddressPlan | undefined {
  const hash = createHash("sha256").update(home).digest();
  const hex = hash.toString("hex");
  for (let n = 0; n < RANGES.count; n++) {
    const second = RANGES.first + ((hash.readUInt8(0) + n) % RANGES.count);
    const ipv4Prefix = `10.${second}`;
    if (inUse.some((address) => address.startsWith(`${ipv4Prefix}.`))) continue;
    return {
      ipv4Prefix,
      ipv6Prefix: `fd${hex.slice(0, 2)}:${hex.slice(2, 6)}:${hex.slice(6, 10)}`,
      interfacePrefix: `cf${hex.slice(0, 5)}-`,
      table: `conifer_${hex.slice(0, 12)}`,
      home,
    };
  }
  return undefined;
}

/** The n-th link of a plan, n from 0. */
export function planLink(plan: AddressPlan, n: number, withIpv6: boolean): LinkPlan {
  const base = (n % MOST_LINKS) * 4;
  const ipv4 = (host: number) => `${plan.ipv4Prefix}.${(base + host) >> 8}.${(base + host) & 255}`;
  const ipv6 = (host: number) => `${plan.ipv6Prefix}:${(n % MOST_LINKS).toString(16)}::${host}`;
  return {
    name: `${plan.interfacePrefix}${n % MOST_LINKS}`,
    host4: ipv4(1),
    dyno4: ipv4(2),
    ...(withIpv6 ? { host6: ipv6(1), dyno6: ipv6(2) } : {}),
  };
}

/**
 * Shell text for the set-up, as root inside the new network namespace: a pair of interfaces, one end of which is made
 * in this machine's network, whose namespace is found under `/proc/<pid>`. `netns 1` is the sandbox's, whose process 1
 * this text runs in.
 */
export function linkScript(link: LinkPlan, hostPid: number): string {
  const outside = [
    `link add ${link.name} type veth peer name eth0 netns 1`,
    `addr add ${link.host4}/30 dev ${link.name}`,
    `link set ${link.name} up`,
    // The kernel gives an interface IPv6 once it is up; without nodad the address waits a second for rivals.
    ...(link.host6 ? [`addr add ${link.host6}/64 dev ${link.name} nodad`] : []),
  ];
  const inside = [
    "link set lo up",
    `addr add ${link.dyno4}/30 dev eth0`,
    "link set eth0 up",
    ...(link.dyno6 ? [`addr add ${link.dyno6}/64 dev eth0 nodad`] : []),
    `route add default via ${link.host4}`,
  ];
  const batch = (lines: readonly string[]) => `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")}`;
  return [
    `${batch(outside)} | nsenter --net=/proc/${hostPid}/ns/net -- ip -batch -`,
    `&& ${batch(inside)} | ip -batch -`,
  ].join(" ");
}

/**
 * Rules for nft(8). Dynos reach what this machine reaches, by its address; not each other, not this machine, and not
 * the metadata services of clouds. Nobody but this machine begins a connection to them. `resolvers` are the addresses at
 * which dynos may ask for names, also where they are this machine or a cloud's service beside its metadata; `ports` are those
 * of this machine's services that are for everybody.
 */
export function firewallRules(
  plan: AddressPlan,
  { resolvers, ports }: { readonly resolvers: readonly string[]; readonly ports: readonly number[] },
): string {
  const { table, interfacePrefix, ipv4Prefix, home } = plan;
  const dynos = `"${interfacePrefix}*"`;
  const open = ports.length > 0 ? [`    iifname ${dynos} tcp dport { ${ports.join(", ")} } accept`] : [];
  const ask = (address: string) =>
    `    iifname ${dynos} ip daddr ${address} meta l4proto { tcp, udp } th dport 53 accept`;
  const asked = resolvers.filter((address) => !address.includes(":"));
  return [
    `table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    "  chain forward {",
    "    type filter hook forward priority filter - 5; policy accept;",
    `    iifname ${dynos} oifname ${dynos} drop${commentOf(home)}`,
    ...asked.filter((address) => address.startsWith("169.254.")).map(ask),
    `    iifname ${dynos} ip daddr 169.254.0.0/16 drop`,
    `    oifname ${dynos} ct state established,related accept`,
    `    oifname ${dynos} drop`,
    "  }",
    "  chain input {",
    "    type filter hook input priority filter - 5; policy accept;",
    `    iifname ${dynos} ct state established,related accept`,
    `    iifname ${dynos} icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept`,
    ...asked.map(ask),
    ...open,
    `    iifname ${dynos} drop`,
    "  }",
    "  chain postrouting {",
    "    type nat hook postrouting priority srcnat; policy accept;",
    `    ip saddr ${ipv4Prefix}.0.0/16 oifname != ${dynos} masquerade`,
    "  }",
    "}",
    "",
  ].join("\n");
}

/** What the kernel keeps of a comment has 128 bytes at most. */
const LONGEST_HOME = 110;
const OF_HOME = "dynos of ";

/** So that whoever finds the table knows whose it is, once no instance is left that would remove it. */
function commentOf(home: string): string {
  const fits = /^[^"\\\p{Cc}]+$/u.test(home) && Buffer.byteLength(home) <= LONGEST_HOME;
  return fits ? ` comment "${OF_HOME}${home}"` : "";
}

/** An instance's firewall table, as it is found in the text of nft(8)'s `list ruleset`. */
export interface FoundTable {
  readonly table: string;
  readonly home: string;
}

/** The tables of instances; such as do not say whose they are are left out. */
export function findTables(ruleset: string): FoundTable[] {
  const found: FoundTable[] = [];
  for (const block of ruleset.split(/^(?=table )/m)) {
    const table = /^table inet (conifer_[0-9a-f]{12}) /.exec(block)?.[1];
    const home = new RegExp(` comment "${OF_HOME}(.+?)"`).exec(block)?.[1];
    if (table && home) found.push({ table, home });
  }
  return found;
}

/** Name servers in the text of resolv.conf(5). */
export function nameServers(resolvConf: string): string[] {
  return [...resolvConf.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, address = ""]) => address);
}

/** The first resolver of IPv4 that is another machine. */
export function resolverElsewhere(resolvConf: string, own: readonly string[]): string | undefined {
  return nameServers(resolvConf).find((address) => isIPv4(address) && !own.includes(address));
}

export function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}
