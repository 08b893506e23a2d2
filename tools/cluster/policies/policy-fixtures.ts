import { BlockList, isIPv6 } from "node:net";
import { type AllowedFlow, fencesOf, type Isolation, type PolicyWorld } from "./allowed-flows.ts";
import type { Labels, NetworkPolicy } from "./network-policy.ts";
import type { SeenPod } from "./seen-pod.ts";

/** Builders of what policies are made of, and what a packet filter would say to a connection. */

export function seenPod(name: string, change: Partial<SeenPod> = {}): SeenPod {
  return {
    uid: `uid of ${name}`,
    namespace: "here",
    name,
    labels: { app: name },
    node: "node1",
    addresses: [],
    ports: [],
    ...change,
  };
}

export function networkPolicy(spec: NetworkPolicy["spec"], namespace = "here", name = "one"): NetworkPolicy {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace },
    spec,
  };
}

export function policyWorld(
  pods: readonly SeenPod[],
  policies: readonly NetworkPolicy[],
  namespaces: Readonly<Record<string, Labels>> = { here: { name: "here" }, there: { name: "there" } },
): PolicyWorld {
  return { pods, policies, namespaces: new Map(Object.entries(namespaces)) };
}

/** Where a connection leads. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly protocol?: string;
}

/** Whether one direction lets a connection with that address through. */
export function admits(isolation: Isolation, address: string, { port, protocol = "TCP" }: Target): boolean {
  return (
    isolation === "open" ||
    isolation.some(
      ({ peers, ports }) =>
        isAmong(peers, address) &&
        (ports === "all" ||
          ports.some((range) => range.protocol === protocol && range.first <= port && port <= range.last)),
    )
  );
}

function isAmong(peers: AllowedFlow["peers"], address: string): boolean {
  if (peers.kind === "anyone") return true;
  if (peers.kind === "addresses") return peers.addresses.includes(address);
  return isWithin(address, peers.cidr) && !peers.except.some((range) => isWithin(address, range));
}

export function isWithin(address: string, cidr: string): boolean {
  const [net = "", bits = ""] = cidr.split("/");
  if (isIPv6(net) !== isIPv6(address)) return false;
  const family = isIPv6(net) ? "ipv6" : "ipv4";
  const list = new BlockList();
  list.addSubnet(net, Number(bits), family);
  return list.check(address, family);
}

/**
 * Whether a connection is let through at both ends, as far as they are pods. What is no pod (a node, a stranger) is given
 * by its address alone.
 */
export function mayConnect(
  world: PolicyWorld,
  from: SeenPod | string,
  to: SeenPod | string,
  at: Omit<Target, "address">,
): boolean {
  const isPod = (end: SeenPod | string) => typeof end !== "string";
  const addressesOf = (end: SeenPod | string) => (typeof end === "string" ? [end] : end.addresses);
  const pairs = addressesOf(from).flatMap((source) =>
    addressesOf(to)
      .filter((target) => isIPv6(target) === isIPv6(source))
      .map((target) => ({ source, target })),
  );
  const fences = fencesOf(world, [from, to].filter(isPod));
  const out = isPod(from) ? (fences[0]?.egress ?? "open") : "open";
  const into = isPod(to) ? (fences.at(-1)?.ingress ?? "open") : "open";
  const found = pairs.map(
    ({ source, target }) =>
      admits(out, target, { ...at, address: target }) && admits(into, source, { ...at, address: target }),
  );
  if (new Set(found).size !== 1) throw new Error(`the families differ: ${JSON.stringify({ pairs, found })}`);
  return found[0] ?? false;
}
