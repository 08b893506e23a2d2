import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fencePolicies, isWithinRange, makeFencePolicies, type SpaceFence } from "./space-fence.ts";

interface Block {
  readonly ipBlock: { readonly cidr: string; readonly except?: readonly string[] };
}
interface Spec {
  readonly podSelector: unknown;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly { readonly from: readonly unknown[]; readonly ports: readonly unknown[] }[];
  readonly egress?: readonly { readonly to: readonly unknown[]; readonly ports?: readonly unknown[] }[];
}

const specsOf = (fence: Partial<SpaceFence>) =>
  Object.fromEntries(fencePolicies({ routerRanges: [], ...fence })) as Record<string, Spec>;
const outside = (fence: Partial<SpaceFence>) => specsOf(fence)["conifer-outside"]?.egress ?? [];
const blocksOf = (rule: { readonly to: readonly unknown[] } | undefined) =>
  (rule?.to ?? []) as readonly Block[];

test("everything is closed, both ways, for every pod", () => {
  expect(specsOf({})["conifer-closed"]).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
});

describe("who calls", () => {
  test("nobody, where no router is known", () => {
    expect(Object.keys(specsOf({}))).toEqual(["conifer-closed", "conifer-outside"]);
  });

  test("routers and workers by their labels, others by ranges, and formation dynos on their ports only", () => {
    expect(
      specsOf({ routerRanges: ["192.0.2.0/24", "fd98::/64"], systemNamespace: "conifer-system" })[
        "conifer-callers"
      ],
    ).toEqual({
      podSelector: { matchLabels: { "conifer.dev/part": "formation" } },
      policyTypes: ["Ingress"],
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "conifer-system" } },
              podSelector: {
                matchExpressions: [{ key: "conifer.dev/role", operator: "In", values: ["router", "worker"] }],
              },
            },
            { ipBlock: { cidr: "192.0.2.0/24" } },
            { ipBlock: { cidr: "fd98::/64" } },
          ],
          ports: [{ protocol: "TCP", port: 20_000, endPort: 31_999 }],
        },
      ],
    });
  });
});

describe("whom dynos reach", () => {
  test("resolvers on their port only: any, or those that are named", () => {
    const ports = [
      { protocol: "UDP", port: 53 },
      { protocol: "TCP", port: 53 },
    ];
    expect(outside({})[0]).toEqual({
      to: [{ ipBlock: { cidr: "0.0.0.0/0" } }, { ipBlock: { cidr: "::/0" } }],
      ports,
    });
    expect(outside({ nameservers: ["192.0.2.53", "2001:db8::53"] })[0]).toEqual({
      to: [{ ipBlock: { cidr: "192.0.2.53/32" } }, { ipBlock: { cidr: "2001:db8::53/128" } }],
      ports,
    });
  });

  test("the internet, but for what is private, of the link, or of no host", () => {
    const [v4, v6, ...more] = blocksOf(outside({})[1]);
    expect(more).toEqual([]);
    expect(v4?.ipBlock.cidr).toBe("0.0.0.0/0");
    expect(v6?.ipBlock.cidr).toBe("::/0");
    for (const range of ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8"])
      expect(v4?.ipBlock.except).toContain(range);
    for (const range of ["fc00::/7", "fe80::/10", "fd00:ec2::/32", "ff00::/8"])
      expect(v6?.ipBlock.except).toContain(range);
  });

  test("what the operator opens, and not what the operator closes", () => {
    const fence = {
      openRanges: ["10.9.0.0/16", "fd00::/8"],
      closedRanges: ["203.0.113.0/24", "2001:db8::/32"],
    };
    const [v4, v6, own, own6] = blocksOf(outside(fence)[1]);
    expect(v4?.ipBlock.except).toContain("203.0.113.0/24");
    expect(v6?.ipBlock.except).toContain("2001:db8::/32");
    expect(own).toEqual({ ipBlock: { cidr: "10.9.0.0/16" } });
    expect(own6).toEqual({ ipBlock: { cidr: "fd00::/8", except: ["fd00:ec2::/32"] } });
  });

  test.each(["169.254.169.254/32", "169.254.0.0/16", "fd00:ec2::254/128", "fe80::/64", "127.0.0.1/32"])(
    "never %s, whoever opens it",
    (range) => {
      expect(blocksOf(outside({ openRanges: [range] })[1])).toHaveLength(2);
    },
  );

  test("what holds link addresses, opened as a whole, is opened without them", () => {
    const [, , own] = blocksOf(outside({ openRanges: ["0.0.0.0/0"] })[1]);
    expect(own?.ipBlock.except).toContain("169.254.0.0/16");
    expect(own?.ipBlock.except).not.toContain("10.0.0.0/8");
  });

  test("routers where they take visitors, and nothing else of theirs", () => {
    const [, , routers, ...more] = outside({
      systemNamespace: "conifer-system",
      routerRanges: ["192.0.2.1/32"],
      routerPorts: [8080, 8443],
    });
    expect(more).toEqual([]);
    expect(routers).toEqual({
      to: [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "conifer-system" } },
          podSelector: {
            matchExpressions: [{ key: "conifer.dev/role", operator: "In", values: ["router"] }],
          },
        },
        { ipBlock: { cidr: "192.0.2.1/32" } },
      ],
      ports: [
        { protocol: "TCP", port: 8080 },
        { protocol: "TCP", port: 8443 },
      ],
    });
    expect(outside({ routerPorts: [8080] })).toHaveLength(2);
    expect(outside({ systemNamespace: "conifer-system" })).toHaveLength(2);
  });
});

test("every exception lies within its range and is smaller, as the API wants it", () => {
  const v4 = fc.tuple(fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }), fc.nat(32));
  const range = v4.map(([bytes, bits]) => `${bytes.join(".")}/${bits}`);
  const given = fc.record({ openRanges: fc.array(range), closedRanges: fc.array(range) });
  fc.assert(
    fc.property(given, (fence) => {
      for (const { ipBlock } of blocksOf(outside(fence)[1])) {
        for (const hole of ipBlock.except ?? []) {
          expect(isWithinRange(hole, ipBlock.cidr)).toBe(true);
          expect(hole).not.toBe(ipBlock.cidr);
        }
        expect(new Set(ipBlock.except ?? []).size).toBe(ipBlock.except?.length ?? 0);
      }
    }),
  );
});

test.each([
  ["10.1.0.0/16", "10.0.0.0/8", true],
  ["10.0.0.0/8", "10.0.0.0/8", true],
  ["10.0.0.0/7", "10.0.0.0/8", false],
  ["11.0.0.0/8", "10.0.0.0/8", false],
  ["fd00::/16", "fc00::/7", true],
  ["10.0.0.0/8", "::/0", false],
  ["::/0", "0.0.0.0/0", false],
])("%s within %s is %s", (inner, outer, within) => {
  expect(isWithinRange(inner, outer)).toBe(within);
});

test("policies lie in the space's namespace", () => {
  expect(makeFencePolicies("space", { routerRanges: [] })[0]).toEqual({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "conifer-closed", namespace: "space" },
    spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
  });
});
