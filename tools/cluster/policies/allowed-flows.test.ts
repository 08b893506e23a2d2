import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AllowedFlow, fencesOf, type PolicyWorld } from "./allowed-flows.ts";
import { isSelected, type NetworkPolicy, type PolicyPeer, type PolicyPort } from "./network-policy.ts";
import { admits, isWithin, mayConnect, networkPolicy, policyWorld, seenPod } from "./policy-fixtures.ts";
import type { SeenPod } from "./seen-pod.ts";

const web = seenPod("web", {
  addresses: ["10.0.0.1", "fd00::1"],
  ports: [
    { name: "http", protocol: "TCP", number: 8080 },
    { name: "dns", protocol: "UDP", number: 53 },
  ],
});
const near = seenPod("near", { addresses: ["10.0.0.2"] });
const far = seenPod("far", { node: "node2", addresses: ["10.0.1.3", "fd00:0:0:1::3"] });
const stranger = seenPod("stranger", { namespace: "there", labels: { app: "web" }, addresses: ["10.0.1.4"] });
const pods = [web, near, far, stranger];

const app = (name: string) => ({ podSelector: { matchLabels: { app: name } } });
const worldOf = (...specs: NetworkPolicy["spec"][]): PolicyWorld =>
  policyWorld(
    pods,
    specs.map((spec, at) => networkPolicy(spec, "here", `policy${at}`)),
  );
const fenceOf = (pod: SeenPod, ...specs: NetworkPolicy["spec"][]) => fencesOf(worldOf(...specs), [pod])[0];
const anyone: AllowedFlow = { peers: { kind: "anyone" }, ports: "all" };
const addresses = (...list: string[]) => ({ kind: "addresses", addresses: list }) as const;

describe("a direction of a pod", () => {
  test("is open where no policy speaks of it", () => {
    expect(fenceOf(web)).toMatchObject({ ingress: "open", egress: "open" });
    expect(fenceOf(web, { ...app("near"), policyTypes: ["Ingress", "Egress"] })).toMatchObject({
      ingress: "open",
    });
  });

  test.each<[string, NetworkPolicy["spec"], unknown, unknown]>([
    ["ingress by default", {}, [], "open"],
    ["egress too, where it has such a section", { egress: [] }, [], []],
    ["egress only", { policyTypes: ["Egress"] }, "open", []],
    ["both", { policyTypes: ["Ingress", "Egress"] }, [], []],
    ["an empty list of types is none", { policyTypes: [], egress: [{}] }, [], [anyone]],
    ["a section without its type says nothing", { policyTypes: ["Ingress"], egress: [{}] }, [], "open"],
    ["every pod is meant without a selector", { ingress: [{}] }, [anyone], "open"],
    ["empty lists are no lists", { ingress: [{ from: [], ports: [] }] }, [anyone], "open"],
  ])("is closed by a policy: %s", (_what, spec, ingress, egress) => {
    expect(fenceOf(web, spec)).toMatchObject({ ingress, egress });
  });

  test("policies of another namespace do not speak of it", () => {
    const world = policyWorld(pods, [networkPolicy({ policyTypes: ["Ingress"] }, "there")]);
    expect(fencesOf(world, [web, stranger]).map(({ ingress }) => ingress)).toEqual(["open", []]);
  });

  test("what several allow adds up", () => {
    const fence = fenceOf(
      web,
      {},
      { ingress: [{ from: [app("near")] }] },
      { ingress: [{ from: [app("far")] }] },
    );
    expect(fence?.ingress).toEqual([
      { peers: addresses("10.0.0.2"), ports: "all" },
      { peers: addresses("10.0.1.3", "fd00:0:0:1::3"), ports: "all" },
    ]);
  });
});

describe("peers", () => {
  const there = { namespaceSelector: { matchLabels: { name: "there" } } };
  test.each<[string, PolicyPeer[], readonly SeenPod[]]>([
    ["pods of the own namespace", [app("near")], [near]],
    ["all of the own namespace", [{ podSelector: {} }], [web, near, far]],
    ["all of other namespaces", [there], [stranger]],
    ["all of all", [{ namespaceSelector: {} }], [web, near, far, stranger]],
    ["both must hold in one peer", [{ ...there, ...app("near") }], []],
    ["either of two peers", [there, app("near")], [near, stranger]],
    ["labels meant in another namespace", [{ ...there, ...app("web") }], [stranger]],
    ["nobody", [{}], []],
    ["a label that nobody has", [app("nobody")], []],
  ])("are %s", (_what, from, meant) => {
    const found = fenceOf(web, { ingress: [{ from }] })?.ingress;
    const all = meant.flatMap((pod) => pod.addresses);
    expect(found).toEqual(all.length > 0 ? [{ peers: addresses(...all), ports: "all" }] : []);
  });

  test("of a namespace that is not known are none", () => {
    const world = policyWorld(pods, [networkPolicy({ ingress: [{ from: [{ namespaceSelector: {} }] }] })], {
      here: {},
    });
    expect(fencesOf(world, [web])[0]?.ingress).toEqual([
      { peers: addresses("10.0.0.1", "fd00::1", "10.0.0.2", "10.0.1.3", "fd00:0:0:1::3"), ports: "all" },
    ]);
  });

  test("may be addresses but for some, beside pods", () => {
    const ipBlock = { cidr: "10.0.0.0/8", except: ["10.0.0.0/24"] };
    expect(fenceOf(web, { ingress: [{ from: [{ ipBlock }, app("near")] }] })?.ingress).toEqual([
      { peers: { kind: "block", ...ipBlock }, ports: "all" },
      { peers: addresses("10.0.0.2"), ports: "all" },
    ]);
  });
});

describe("ports", () => {
  const range = (protocol: string, first: number, last = first) => ({ protocol, first, last });
  test.each<[string, PolicyPort[], unknown]>([
    ["a number", [{ port: 80 }], [range("TCP", 80)]],
    ["a range", [{ port: 80, endPort: 90, protocol: "UDP" }], [range("UDP", 80, 90)]],
    ["all of a protocol", [{ protocol: "SCTP" }], [range("SCTP", 0, 65_535)]],
    ["the pod's own name", [{ port: "http" }], [range("TCP", 8080)]],
    ["a name of another protocol", [{ port: "http", protocol: "UDP" }, { port: 1 }], [range("TCP", 1)]],
    ["several", [{ port: "dns", protocol: "UDP" }, { port: 1 }], [range("UDP", 53), range("TCP", 1)]],
  ])("of what comes in: %s", (_what, ports, expected) => {
    expect(fenceOf(web, { ingress: [{ ports }] })?.ingress).toEqual([
      { peers: { kind: "anyone" }, ports: expected },
    ]);
  });

  test("a name that the pod does not have opens nothing", () => {
    expect(fenceOf(near, { ingress: [{ ports: [{ port: "http" }] }] })?.ingress).toEqual([]);
  });

  test("of what goes out: a name is each target's own", () => {
    const other = { ...far, ports: [{ name: "http", protocol: "TCP", number: 9000 }] };
    const spec = { policyTypes: ["Egress"], egress: [{ ports: [{ port: "http" }] }] };
    const world = policyWorld([web, near, other], [networkPolicy(spec)]);
    expect(fencesOf(world, [near])[0]?.egress).toEqual([
      { peers: addresses(...web.addresses), ports: [range("TCP", 8080)] },
      { peers: addresses(...other.addresses), ports: [range("TCP", 9000)] },
    ]);
  });

  test("of what goes out: names and numbers, each for its own", () => {
    const ports = [{ port: "http" }, { port: 53, protocol: "UDP" }];
    expect(
      fenceOf(near, { policyTypes: ["Egress"], egress: [{ to: [app("web"), app("far")], ports }] })?.egress,
    ).toEqual([
      { peers: addresses(...web.addresses, ...far.addresses), ports: [range("UDP", 53)] },
      { peers: addresses(...web.addresses), ports: [range("TCP", 8080)] },
    ]);
  });

  test("of what goes out: addresses have no names", () => {
    const to = [{ ipBlock: { cidr: "0.0.0.0/0" } }];
    expect(
      fenceOf(near, { policyTypes: ["Egress"], egress: [{ to, ports: [{ port: "http" }] }] })?.egress,
    ).toEqual([]);
  });
});

test("a connection needs both ends' leave", () => {
  const world = worldOf(
    { ...app("web"), ingress: [{ from: [app("far"), app("near")], ports: [{ port: "http" }] }] },
    { ...app("near"), policyTypes: ["Egress"], egress: [{ to: [app("far")] }] },
  );
  expect(mayConnect(world, far, web, { port: 8080 })).toBe(true);
  expect(mayConnect(world, far, web, { port: 8081 })).toBe(false);
  expect(mayConnect(world, near, web, { port: 8080 })).toBe(false);
  expect(mayConnect(world, near, far, { port: 8080 })).toBe(true);
  expect(mayConnect(world, "10.0.0.99", web, { port: 8080 })).toBe(false);
  expect(mayConnect(world, near, "10.0.0.99", { port: 8080 })).toBe(false);
  expect(mayConnect(world, far, "10.0.0.99", { port: 8080 })).toBe(true);
});

describe("any policies", () => {
  const labels = fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom("1", "2"));
  const selector = fc.record({ matchLabels: labels }, { requiredKeys: [] });
  const peer: fc.Arbitrary<PolicyPeer> = fc.oneof(
    fc.record({ podSelector: selector, namespaceSelector: selector }, { requiredKeys: [] }),
    fc.record({
      ipBlock: fc.record({
        cidr: fc.constantFrom("10.0.0.0/30", "10.0.0.0/8", "0.0.0.0/0", "fd00::/16"),
        except: fc.subarray(["10.0.0.0/31", "10.0.0.2/32"]),
      }),
    }),
  );
  const port: fc.Arbitrary<PolicyPort> = fc.oneof(
    fc.record(
      { protocol: fc.constantFrom("TCP", "UDP"), port: fc.constantFrom(80, "p", "q") },
      { requiredKeys: [] },
    ),
    fc.constant({ port: 79, endPort: 81 }),
  );
  const rule = <K extends "from" | "to">(key: K) =>
    fc
      .record({ peers: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) })
      .map(
        ({ peers, ports }) =>
          ({ [key]: peers, ports }) as { [key in K]: PolicyPeer[] } & { ports: PolicyPort[] },
      );
  const spec: fc.Arbitrary<NetworkPolicy["spec"]> = fc.record(
    {
      podSelector: selector,
      policyTypes: fc.subarray(["Ingress", "Egress"]),
      ingress: fc.array(rule("from"), { maxLength: 2 }),
      egress: fc.array(rule("to"), { maxLength: 2 }),
    },
    { requiredKeys: ["podSelector"] },
  );
  const podAt = (at: number) =>
    fc
      .record({
        labels,
        namespace: fc.constantFrom("x", "y"),
        number: fc.constantFrom(80, 443),
        name: fc.constantFrom("p", "q"),
      })
      .map(({ labels: own, namespace, number, name }) =>
        seenPod(`pod${at}`, {
          ...{ labels: own, namespace, addresses: [`10.0.0.${at}`] },
          ports: [{ name, protocol: "TCP", number }],
        }),
      );
  const world = fc
    .record({
      pods: fc.tuple(podAt(0), podAt(1), podAt(2)),
      policies: fc.array(fc.tuple(spec, fc.constantFrom("x", "y")), { maxLength: 4 }),
      x: labels,
      y: labels,
    })
    .map(({ pods: found, policies, x, y }) =>
      policyWorld(
        found,
        policies.map(([one, namespace]) => networkPolicy(one, namespace)),
        { x, y },
      ),
    );

  /** The same question, answered the way the API's documentation tells it: connection by connection. */
  function documented(
    given: PolicyWorld,
    from: SeenPod,
    to: SeenPod,
    number: number,
    protocol: string,
  ): boolean {
    const side = (pod: SeenPod, other: SeenPod, type: "Ingress" | "Egress") => {
      const speaking = given.policies.filter(
        ({ metadata, spec: one }) =>
          metadata.namespace === pod.namespace &&
          isSelected(one.podSelector ?? {}, pod.labels) &&
          (one.policyTypes?.length
            ? one.policyTypes
            : one.egress
              ? ["Ingress", "Egress"]
              : ["Ingress"]
          ).includes(type),
      );
      if (speaking.length === 0) return true;
      return speaking.some(({ metadata, spec: one }) =>
        (type === "Ingress" ? (one.ingress ?? []) : (one.egress ?? [])).some((allowed) => {
          const peers = (
            "from" in allowed ? allowed.from : "to" in allowed ? allowed.to : []
          ) as PolicyPeer[];
          const isPeer =
            peers.length === 0 ||
            peers.some(({ ipBlock, podSelector, namespaceSelector }) => {
              const [address = ""] = other.addresses;
              if (ipBlock)
                return (
                  isWithin(address, ipBlock.cidr) && !ipBlock.except?.some((no) => isWithin(address, no))
                );
              if (!podSelector && !namespaceSelector) return false;
              const inNamespace = namespaceSelector
                ? isSelected(namespaceSelector, given.namespaces.get(other.namespace) ?? {})
                : other.namespace === metadata.namespace;
              return inNamespace && isSelected(podSelector ?? {}, other.labels);
            });
          const named = (name: string) => to.ports.some((own) => own.name === name && own.number === number);
          // A name says nothing of what is known by its address only.
          const byAddress =
            type === "Egress" &&
            peers.length > 0 &&
            !peers.some((one) => !one.ipBlock && isPodPeer(one, metadata.namespace ?? "", other, given));
          const isPort =
            (allowed.ports ?? []).length === 0 ||
            (allowed.ports ?? []).some((one) => {
              if ((one.protocol ?? "TCP") !== protocol) return false;
              if (one.port === undefined) return true;
              if (typeof one.port === "string") return protocol === "TCP" && named(one.port) && !byAddress;
              return one.port <= number && number <= (one.endPort ?? one.port);
            });
          return isPeer && isPort;
        }),
      );
    };
    return side(from, to, "Egress") && side(to, from, "Ingress");
  }

  function isPodPeer(peer: PolicyPeer, own: string, other: SeenPod, given: PolicyWorld): boolean {
    const { podSelector, namespaceSelector } = peer;
    if (!podSelector && !namespaceSelector) return false;
    const inNamespace = namespaceSelector
      ? isSelected(namespaceSelector, given.namespaces.get(other.namespace) ?? {})
      : other.namespace === own;
    return inNamespace && isSelected(podSelector ?? {}, other.labels);
  }

  test("allow what the documentation says they allow", () => {
    const target = fc.record({
      port: fc.constantFrom(79, 80, 82, 443),
      protocol: fc.constantFrom("TCP", "UDP"),
    });
    fc.assert(
      fc.property(world, target, (given, { port: number, protocol }) => {
        for (const from of given.pods) {
          for (const to of given.pods) {
            const found = mayConnect(given, from, to, { port: number, protocol });
            expect(found).toBe(documented(given, from, to, number, protocol));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test("that are added to a pod which is closed already never take anything away", () => {
    fc.assert(
      fc.property(world, spec, (given, added) => {
        const base = networkPolicy({ policyTypes: ["Ingress", "Egress"] }, "x", "closed");
        const before = { ...given, policies: [...given.policies, base] };
        const after = { ...before, policies: [...before.policies, networkPolicy(added, "x", "added")] };
        const [pod] = given.pods.filter(({ namespace }) => namespace === "x");
        if (!pod) return;
        const [one] = fencesOf(before, [pod]);
        const [other] = fencesOf(after, [pod]);
        for (const peer of given.pods) {
          const at = { address: peer.addresses[0] ?? "", port: 80 };
          if (admits(one?.egress ?? [], at.address, at))
            expect(admits(other?.egress ?? [], at.address, at)).toBe(true);
          if (admits(one?.ingress ?? [], at.address, at))
            expect(admits(other?.ingress ?? [], at.address, at)).toBe(true);
        }
      }),
    );
  });
});
