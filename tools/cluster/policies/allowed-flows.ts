import {
  isSelected,
  type Labels,
  type NetworkPolicy,
  type PolicyPeer,
  type PolicyPort,
} from "./network-policy.ts";
import type { SeenPod } from "./seen-pod.ts";

/** All that decides who may speak to whom. */
export interface PolicyWorld {
  readonly policies: readonly NetworkPolicy[];
  /** Labels by namespace. */
  readonly namespaces: ReadonlyMap<string, Labels>;
  readonly pods: readonly SeenPod[];
}

/** Who is at the other end. */
export type Peers =
  | { readonly kind: "anyone" }
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  | { readonly kind: "block"; readonly cidr: string; readonly except: readonly string[] };

export interface PortRange {
  readonly protocol: string;
  readonly first: number;
  readonly last: number;
}

/** Connections that may be made, with those peers, to those ports of the side that is connected to. */
export interface AllowedFlow {
  readonly peers: Peers;
  /** `all` means every protocol too. */
  readonly ports: "all" | readonly PortRange[];
}

/** One direction of a pod: `open` where no policy speaks of it, else what is allowed and nothing more. */
export type Isolation = "open" | readonly AllowedFlow[];

/** What a pod may take and make. */
export interface PodFence {
  readonly pod: SeenPod;
  readonly ingress: Isolation;
  readonly egress: Isolation;
}

type Direction = "Ingress" | "Egress";
interface Rule {
  readonly peers: readonly PolicyPeer[] | undefined;
  readonly ports: readonly PolicyPort[] | undefined;
}

const LAST_PORT = 65_535;

/**
 * What each of these pods may take and make, by the rules of the API: policies add up; a direction that a policy speaks
 * of is closed but for what some policy allows; one that none speaks of is open. What belongs to an allowed connection,
 * and what comes from the pod's own node, is allowed beside this.
 */
export function fencesOf(world: PolicyWorld, pods: readonly SeenPod[]): PodFence[] {
  const byNamespace = Map.groupBy(world.policies, ({ metadata }) => metadata.namespace ?? "");
  return pods.map((pod) => {
    const own = (byNamespace.get(pod.namespace) ?? []).filter(({ spec }) =>
      isSelected(spec.podSelector ?? {}, pod.labels),
    );
    return {
      pod,
      ingress: isolate(world, pod, own, "Ingress"),
      egress: isolate(world, pod, own, "Egress"),
    };
  });
}

function isolate(
  world: PolicyWorld,
  pod: SeenPod,
  own: readonly NetworkPolicy[],
  direction: Direction,
): Isolation {
  const speaking = own.filter((policy) => typesOf(policy).includes(direction));
  if (speaking.length === 0) return "open";
  return speaking.flatMap((policy) =>
    rulesOf(policy, direction).flatMap((rule) =>
      direction === "Ingress" ? ingressFlows(world, pod, rule) : egressFlows(world, pod, rule),
    ),
  );
}

/** The API server fills this in; a policy without types speaks of ingress, and of egress where it has a section. */
function typesOf({ spec }: NetworkPolicy): readonly string[] {
  if (spec.policyTypes && spec.policyTypes.length > 0) return spec.policyTypes;
  return spec.egress ? ["Ingress", "Egress"] : ["Ingress"];
}

function rulesOf({ spec }: NetworkPolicy, direction: Direction): readonly Rule[] {
  return direction === "Ingress"
    ? (spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
    : (spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));
}

/** A name among the ports is one of the pod's own. */
function ingressFlows(world: PolicyWorld, pod: SeenPod, rule: Rule): AllowedFlow[] {
  const ports = portsAt(pod, rule);
  return ports.length === 0 ? [] : peersOf(world, pod, rule.peers).map((peers) => ({ peers, ports }));
}

/** A name among the ports is one of each pod that is connected to; what is no pod has no names. */
function egressFlows(world: PolicyWorld, pod: SeenPod, rule: Rule): AllowedFlow[] {
  const ports = portsAt(undefined, rule);
  const general =
    ports.length === 0 ? [] : peersOf(world, pod, rule.peers).map((peers) => ({ peers, ports }));
  const named = rule.ports?.filter(({ port }) => typeof port === "string") ?? [];
  const targets = named.length === 0 ? [] : podsOf(world, pod, rule.peers);
  return [
    ...general,
    ...targets.flatMap((target): AllowedFlow[] => {
      const own = rangesAt(target, named);
      if (own.length === 0 || target.addresses.length === 0) return [];
      return [{ peers: { kind: "addresses", addresses: target.addresses }, ports: own }];
    }),
  ];
}

function portsAt(pod: SeenPod | undefined, { ports }: Rule): AllowedFlow["ports"] {
  return ports === undefined || ports.length === 0 ? "all" : rangesAt(pod, ports);
}

/** Names are those of the pod; without one they mean nothing. */
function rangesAt(pod: SeenPod | undefined, ports: readonly PolicyPort[]): PortRange[] {
  return ports.flatMap(({ protocol = "TCP", port, endPort }) => {
    if (port === undefined) return [{ protocol, first: 0, last: LAST_PORT }];
    if (typeof port === "number") return [{ protocol, first: port, last: endPort ?? port }];
    const found = pod?.ports.find((one) => one.name === port && one.protocol === protocol);
    return found ? [{ protocol, first: found.number, last: found.number }] : [];
  });
}

function peersOf(world: PolicyWorld, pod: SeenPod, peers: readonly PolicyPeer[] | undefined): Peers[] {
  if (!peers || peers.length === 0) return [{ kind: "anyone" }];
  const blocks = peers.flatMap(({ ipBlock }): Peers[] =>
    ipBlock ? [{ kind: "block", cidr: ipBlock.cidr, except: ipBlock.except ?? [] }] : [],
  );
  const addresses = new Set(podsOf(world, pod, peers).flatMap((one) => one.addresses));
  return addresses.size > 0 ? [...blocks, { kind: "addresses", addresses: [...addresses] }] : blocks;
}

/** The pods that a rule's peers mean; every pod where it names none. */
function podsOf(world: PolicyWorld, pod: SeenPod, peers: readonly PolicyPeer[] | undefined): SeenPod[] {
  if (!peers || peers.length === 0) return [...world.pods];
  return world.pods.filter((other) => peers.some((peer) => meansPod(world, pod, peer, other)));
}

function meansPod(
  { namespaces }: PolicyWorld,
  { namespace }: SeenPod,
  { podSelector, namespaceSelector, ipBlock }: PolicyPeer,
  other: SeenPod,
): boolean {
  if (ipBlock || (!podSelector && !namespaceSelector)) return false;
  if (podSelector && !isSelected(podSelector, other.labels)) return false;
  if (!namespaceSelector) return other.namespace === namespace;
  const labels = namespaces.get(other.namespace);
  return labels !== undefined && isSelected(namespaceSelector, labels);
}
