/** What of a cluster was chosen, by the user or by the tool; kept in its state folder. */
export interface ClusterSettings {
  readonly name: string;
  /** Which of the address blocks is this cluster's: 1 to `SLOTS`. */
  readonly slot: number;
  /** How many nodes: 1 to `MOST_NODES`. */
  readonly nodes: number;
  readonly dualStack: boolean;
  /** Whether pods may reach what lies outside the cluster. */
  readonly egress: boolean;
  /** `host:port` of a registry that is reached over plain http; without one, a port on the host's address. */
  readonly registry?: string;
  /** How many simulated nodes there are to be beside the real ones. */
  readonly simulated?: number;
}

/** A range or an address in both families; only the first is used unless the cluster is dual-stack. */
export interface Family {
  readonly v4: string;
  readonly v6: string;
}

export interface NodePlan {
  readonly number: number;
  readonly name: string;
  readonly address: Family;
  /** Where its pods' addresses come from. */
  readonly pods: Family;
  /** The host's end of its network cable. */
  readonly link: string;
}

/** Everything about a cluster that follows from its settings. */
export interface ClusterPlan extends ClusterSettings {
  readonly registry: string;
  readonly bridge: string;
  /** The cgroup, below each hierarchy's root, that holds one for each node. */
  readonly cgroup: string;
  /** The whole block that is this cluster's. */
  readonly block: Family;
  readonly host: Family;
  readonly services: Family;
  /** The addresses of the Services `kubernetes` and `kube-dns`. */
  readonly apiService: Family;
  readonly dnsService: string;
  /** Every node's pods and nothing else: kube-proxy takes what comes from elsewhere for a stranger's, and answers for it. */
  readonly allPods: Family;
  /** The API server's URL. */
  readonly server: string;
  readonly members: readonly NodePlan[];
}

export const SLOTS = 15;
export const MOST_NODES = 8;
/** Bridges, links and cgroups are named after the cluster, and a link's name has at most 15 letters. */
export const NAME_RULE = /^[a-z][a-z0-9]{0,9}$/;
const REGISTRY_PORT = 6450;

/** The host's bridge; the cables are named after it. */
export const bridgeOf = (name: string) => `ck-${name}`;
/** The cgroup that holds those of all nodes. */
export const cgroupOf = (name: string) => `ck-${name}`;

/**
 * Lays a cluster out. Each has a /20 of 198.19.0.0/16, which is set aside for test networks (RFC 2544), so that a stray
 * packet means nothing to anyone: the first eight /24 are for each node's pods, the ninth is for the nodes and the host,
 * the last four are for Services. IPv6 is the same within a /48 of a unique local block (RFC 4193).
 */
export function planCluster(settings: ClusterSettings): ClusterPlan {
  const { name, slot } = settings;
  const v4 = (third: number, rest: string) => `198.19.${slot * 16 + third}.${rest}`;
  const v6 = (third: number | string, rest: string) => `fd98:c0:${slot}:${third}::${rest}`;
  const bridge = bridgeOf(name);
  const host = { v4: v4(8, "1"), v6: v6(8, "1") };
  const members = Array.from({ length: settings.nodes }, (_, at): NodePlan => {
    const number = at + 1;
    return {
      number,
      name: `node${number}`,
      address: { v4: v4(8, String(10 + number)), v6: v6(8, String(10 + number)) },
      pods: { v4: v4(at, "0/24"), v6: v6(at, "/64") },
      link: `${bridge}-${number}`,
    };
  });
  return {
    ...settings,
    registry: settings.registry ?? `${host.v4}:${REGISTRY_PORT}`,
    bridge,
    cgroup: cgroupOf(name),
    block: { v4: v4(0, "0/20"), v6: `fd98:c0:${slot}::/48` },
    host,
    services: { v4: v4(12, "0/22"), v6: v6("ffff", "/112") },
    apiService: { v4: v4(12, "1"), v6: v6("ffff", "1") },
    dnsService: v4(12, "10"),
    allPods: { v4: v4(0, "0/21"), v6: `fd98:c0:${slot}::/61` },
    server: `https://${v4(8, "11")}:6443`,
    members,
  };
}

/** One family's value, or both joined by a comma, as Kubernetes' options want them. */
export function families(plan: Pick<ClusterPlan, "dualStack">, { v4, v6 }: Family): string {
  return plan.dualStack ? `${v4},${v6}` : v4;
}

/** The same as a list. */
export function familyList(plan: Pick<ClusterPlan, "dualStack">, { v4, v6 }: Family): string[] {
  return plan.dualStack ? [v4, v6] : [v4];
}

/**
 * The address block for a new cluster: the one its name leads to, so that it stays the same from day to day, or the next
 * that is free. `taken` holds the slots of other clusters, `addresses` what this machine already uses or routes to.
 * Undefined when all are taken.
 */
export function chooseSlot(
  name: string,
  taken: readonly number[],
  addresses: readonly string[],
): number | undefined {
  const first = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 7) % SLOTS;
  const slots = Array.from({ length: SLOTS }, (_, at) => ((first + at) % SLOTS) + 1);
  return slots.find((slot) => !taken.includes(slot) && !addresses.some((one) => touchesSlot(one, slot)));
}

/** Whether an IPv4 address or range (`a.b.c.d` or `a.b.c.d/n`) and a slot's block have an address in common. */
function touchesSlot(range: string, slot: number): boolean {
  const parsed = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(range);
  if (!parsed) return false;
  const numbers = parsed.slice(1, 5).map(Number);
  const value = numbers.reduce((sum, byte) => sum * 256 + byte, 0);
  const bits = Math.min(20, Number(parsed[5] ?? 32));
  if (bits === 0) return false; // the default route leads everywhere and owns nothing
  const size = 2 ** (32 - bits);
  const block = ((198 * 256 + 19) * 256 + slot * 16) * 256;
  return Math.floor(value / size) === Math.floor(block / size);
}
