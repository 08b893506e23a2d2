import { BlockList, isIPv6 } from "node:net";
import { KIND, type KubeObject } from "../client/index.ts";
import { LABEL } from "./dyno-labels.ts";
import { DYNO_PORTS } from "./dyno-manifests.ts";

/** Who reaches the dynos of a space, and whom they reach. Ranges are CIDR. */
export interface SpaceFence {
  /** From where routers outside of the cluster call. Those in it are known by their labels. */
  readonly routerRanges: readonly string[];
  /** The namespace of Conifer's own roles, when they run in the cluster. */
  readonly systemNamespace?: string | undefined;
  /** Where routers take requests: apps call each other by their public names. */
  readonly routerPorts?: readonly number[];
  /** Private ranges that dynos may reach, such as the network of a database. */
  readonly openRanges?: readonly string[];
  /** Public ranges that they may not: where pods, Services, nodes or the API server have public addresses. */
  readonly closedRanges?: readonly string[];
  /** The only resolvers that dynos ask; none: any, since those of the nodes are not known here. */
  readonly nameservers?: readonly string[];
}

/** What no range opens: the link itself, with what clouds tell their machines there (169.254.169.254), and no host at all. */
const NEVER = {
  v4: ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"],
  v6: ["::/96", "64:ff9b::a9fe:0/112", "fd00:ec2::/32", "fe80::/10", "ff00::/8"],
} as const;

/** Where clusters, and networks around them, have their own: not the internet. The translated ones lead to the same places. */
const PRIVATE = {
  v4: ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15"],
  v6: [
    ...["64:ff9b::a00:0/104", "64:ff9b::6440:0/106", "64:ff9b::ac10:0/108", "64:ff9b::c0a8:0/112"],
    ...["64:ff9b:1::/48", "2002::/16", "fc00::/7"],
  ],
} as const;

const ALL = { v4: "0.0.0.0/0", v6: "::/0" } as const;
const ROLE_LABEL = "conifer.dev/role";
const NAME_LABEL = "kubernetes.io/metadata.name";

/** A NetworkPolicy's name and spec. */
export type FencePolicy = readonly [name: string, spec: unknown];

/**
 * Everything is closed, both ways, for every pod of the namespace; then what may. Routers call formation dynos on their
 * ports, and workers look whether such a port is open. Dynos reach resolvers, the internet and routers: not each other, no
 * part of the cluster, no part of Conifer, nothing of the cloud's own.
 */
export function fencePolicies(fence: SpaceFence): FencePolicy[] {
  const callers = [...rolesOf(fence, ["router", "worker"]), ...blocks(fence.routerRanges)];
  const dynos = { matchExpressions: [{ key: LABEL.dyno, operator: "Exists" }] };
  return [
    ["conifer-closed", { podSelector: {}, policyTypes: ["Ingress", "Egress"] }],
    ...(callers.length > 0
      ? [
          [
            "conifer-callers",
            {
              podSelector: { matchLabels: { [LABEL.part]: "formation" } },
              policyTypes: ["Ingress"],
              ingress: [{ from: callers, ports: [ports("TCP", DYNO_PORTS.first, DYNO_PORTS.last)] }],
            },
          ] as const,
        ]
      : []),
    [
      "conifer-outside",
      {
        podSelector: dynos,
        policyTypes: ["Egress"],
        egress: [names(fence), internet(fence), ...routers(fence)],
      },
    ],
  ];
}

function names({ nameservers = [] }: SpaceFence) {
  const ask = [ports("UDP", 53), ports("TCP", 53)];
  if (nameservers.length === 0) return { to: blocks([ALL.v4, ALL.v6]), ports: ask };
  return { to: blocks(nameservers.map((address) => `${address}/${isIPv6(address) ? 128 : 32}`)), ports: ask };
}

function internet({ openRanges = [], closedRanges = [] }: SpaceFence) {
  const closed = [...NEVER.v4, ...NEVER.v6, ...PRIVATE.v4, ...PRIVATE.v6, ...closedRanges];
  const opened = openRanges.filter(
    (range) => ![...NEVER.v4, ...NEVER.v6].some((no) => isWithinRange(range, no)),
  );
  return {
    to: [
      ...[ALL.v4, ALL.v6].map((range) => blockBut(range, closed)),
      ...opened.map((range) => blockBut(range, [...NEVER.v4, ...NEVER.v6])),
    ],
  };
}

function routers(fence: SpaceFence) {
  const { routerPorts = [] } = fence;
  const to = [...rolesOf(fence, ["router"]), ...blocks(fence.routerRanges)];
  return to.length > 0 && routerPorts.length > 0
    ? [{ to, ports: routerPorts.map((port) => ports("TCP", port)) }]
    : [];
}

function rolesOf({ systemNamespace }: SpaceFence, roles: readonly string[]) {
  if (systemNamespace === undefined) return [];
  return [
    {
      namespaceSelector: { matchLabels: { [NAME_LABEL]: systemNamespace } },
      podSelector: { matchExpressions: [{ key: ROLE_LABEL, operator: "In", values: roles }] },
    },
  ];
}

const ports = (protocol: string, first: number, last = first) => ({
  protocol,
  port: first,
  ...(last === first ? {} : { endPort: last }),
});

const blocks = (ranges: readonly string[]) => ranges.map((cidr) => ({ ipBlock: { cidr } }));

/** The API takes only exceptions that lie within the range and are smaller. */
function blockBut(cidr: string, closed: readonly string[]) {
  const except = [...new Set(closed)].filter((one) => one !== cidr && isWithinRange(one, cidr));
  return { ipBlock: { cidr, ...(except.length > 0 ? { except } : {}) } };
}

/** Whether a range lies within another, or is the same. */
export function isWithinRange(inner: string, outer: string): boolean {
  const [address = "", bits] = inner.split("/");
  const [net = "", fewer] = outer.split("/");
  if (isIPv6(address) !== isIPv6(net) || Number(bits) < Number(fewer)) return false;
  const list = new BlockList();
  const family = isIPv6(net) ? "ipv6" : "ipv4";
  list.addSubnet(net, Number(fewer), family);
  return list.check(address, family);
}

export function makeFencePolicies(namespace: string, fence: SpaceFence): KubeObject[] {
  const { apiVersion, kind } = KIND.networkPolicy;
  return fencePolicies(fence).map(([name, spec]) => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
    spec,
  }));
}
