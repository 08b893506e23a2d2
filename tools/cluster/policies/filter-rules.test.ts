import { describe, expect, test } from "vitest";
import type { AllowedFlow, Isolation, PodFence } from "./allowed-flows.ts";
import { filterRules } from "./filter-rules.ts";
import { seenPod } from "./policy-fixtures.ts";

const fence = (addresses: readonly string[], ingress: Isolation, egress: Isolation): PodFence => ({
  pod: seenPod(addresses.join(), { addresses }),
  ingress,
  egress,
});

/** The lines of one block, without what is around them. */
function block(rules: string, head: string): string[] {
  const lines = rules.split("\n").map((line) => line.trim());
  const at = lines.indexOf(`${head} {`);
  return at === -1 ? [] : lines.slice(at + 1, lines.indexOf("}", at));
}

/** What becomes of packets from a pod of that address, and what its chain says. */
function linesFrom(rules: string, map: string): string[] {
  const name = /goto (\w+)/.exec(block(rules, `map ${map}`).join("\n"))?.[1];
  return name === undefined ? [] : block(rules, `chain ${name}`);
}

const flow = (peers: AllowedFlow["peers"], ports: AllowedFlow["ports"] = "all"): AllowedFlow => ({
  peers,
  ports,
});
const out = (...flows: AllowedFlow[]) =>
  linesFrom(filterRules("pods0", [fence(["10.0.0.1"], "open", flows)]), "from4");

describe("the rules of a node", () => {
  test("are one table, made anew in one step", () => {
    const web = fence(
      ["10.0.0.1", "fd00::1"],
      [flow({ kind: "anyone" }, [{ protocol: "TCP", first: 80, last: 80 }])],
      [],
    );
    const free = fence(["10.0.0.2"], "open", "open");
    expect(filterRules("pods0", [web, free])).toBe(`table inet conifer_policies
delete table inet conifer_policies
table inet conifer_policies {
  map from4 {
    type ipv4_addr : verdict
    elements = { 10.0.0.1 : drop, 10.0.0.2 : return }
  }
  map to4 {
    type ipv4_addr : verdict
    elements = { 10.0.0.1 : goto in_27d835937c7a, 10.0.0.2 : return }
  }
  map from6 {
    type ipv6_addr : verdict
    elements = { fd00::1 : drop }
  }
  map to6 {
    type ipv6_addr : verdict
    elements = { fd00::1 : goto in_27d835937c7a }
  }
  chain in_27d835937c7a {
    tcp dport 80 return
    drop
  }
  chain from_pods {
    ip saddr vmap @from4
    ip6 saddr vmap @from6
    drop
  }
  chain to_pods {
    ip daddr vmap @to4
    ip6 daddr vmap @to6
    drop
  }
  chain passing {
    type filter hook forward priority filter - 5; policy accept;
    ct state established,related accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    iifname "pods0" jump from_pods
    oifname "pods0" jump to_pods
  }
  chain to_node {
    type filter hook input priority filter - 5; policy accept;
    ct state established,related accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    iifname "pods0" jump from_pods
  }
}
`);
  });

  test("without pods let nothing through that is a pod's", () => {
    const rules = filterRules("pods0", []);
    expect(block(rules, "map from4")).toEqual(["type ipv4_addr : verdict"]);
    expect(block(rules, "chain from_pods").at(-1)).toBe("drop");
    expect(block(rules, "chain to_pods").at(-1)).toBe("drop");
  });

  test("do not depend on the order of pods and flows", () => {
    const one = flow({ kind: "addresses", addresses: ["10.0.0.7", "10.0.0.6"] });
    const other = flow({ kind: "block", cidr: "192.0.2.0/24", except: [] });
    const a = fence(["10.0.0.1"], [one, other], "open");
    const b = fence(["10.0.0.2"], [], []);
    const turned = fence(
      ["10.0.0.1"],
      [other, { ...one, peers: { kind: "addresses", addresses: ["10.0.0.6", "10.0.0.7"] } }],
      "open",
    );
    expect(filterRules("pods0", [a, b])).toBe(filterRules("pods0", [b, turned]));
  });

  test("have one chain for all pods that may do the same", () => {
    const flows = [flow({ kind: "block", cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] })];
    const many = Array.from({ length: 50 }, (_, at) => fence([`10.0.0.${at}`], [], flows));
    expect(filterRules("pods0", many).match(/chain out_/g)).toHaveLength(1);
  });

  test("let a pod that lost its address to another do nothing", () => {
    const rules = filterRules("pods0", [
      fence(["10.0.0.1"], "open", "open"),
      fence(["10.0.0.1"], "open", []),
    ]);
    expect(block(rules, "map from4")).toContain("elements = { 10.0.0.1 : drop }");
    expect(block(rules, "map to4")).toContain("elements = { 10.0.0.1 : return }");
  });
});

describe("a chain", () => {
  test.each<[string, AllowedFlow, readonly string[]]>([
    ["anyone", flow({ kind: "anyone" }), ["return"]],
    [
      "addresses of both families, each once",
      flow({ kind: "addresses", addresses: ["fd00::2", "10.0.0.3", "10.0.0.2", "10.0.0.3"] }),
      ["ip daddr { 10.0.0.2, 10.0.0.3 } return", "ip6 daddr { fd00::2 } return"],
    ],
    [
      "a range but for some",
      flow({ kind: "block", cidr: "0.0.0.0/0", except: ["10.0.0.0/8", "169.254.0.0/16"] }),
      ["ip daddr 0.0.0.0/0 ip daddr != 10.0.0.0/8 ip daddr != 169.254.0.0/16 return"],
    ],
    [
      "a range of IPv6",
      flow({ kind: "block", cidr: "::/0", except: ["fd00::/8"] }),
      ["ip6 daddr ::/0 ip6 daddr != fd00::/8 return"],
    ],
    [
      "ports",
      flow({ kind: "anyone" }, [
        { protocol: "TCP", first: 80, last: 80 },
        { protocol: "UDP", first: 1, last: 9 },
        { protocol: "SCTP", first: 0, last: 65_535 },
      ]),
      ["sctp dport 0-65535 return", "tcp dport 80 return", "udp dport 1-9 return"],
    ],
  ])("lets through %s, and drops the rest", (_what, given, lines) => {
    expect(out(given)).toEqual([...lines, "drop"]);
  });

  test.each<[string, AllowedFlow]>([
    ["an address that is none", flow({ kind: "addresses", addresses: ["10.0.0.300", "x; accept"] })],
    ["a range that is none", flow({ kind: "block", cidr: "10.0.0.0", except: [] })],
    ["a range with too many bits", flow({ kind: "block", cidr: "10.0.0.0/33", except: [] })],
    [
      "an exception that cannot be read",
      flow({ kind: "block", cidr: "0.0.0.0/0", except: ["10.0.0.0/8 accept"] }),
    ],
    ["a protocol that is not known", flow({ kind: "anyone" }, [{ protocol: "ICMP", first: 1, last: 1 }])],
    ["a range that runs backwards", flow({ kind: "anyone" }, [{ protocol: "TCP", first: 9, last: 1 }])],
    ["nothing", flow({ kind: "addresses", addresses: [] })],
  ])("%s opens nothing", (_what, given) => {
    const rules = filterRules("pods0", [fence(["10.0.0.1"], "open", [given])]);
    expect(block(rules, "map from4")).toContain("elements = { 10.0.0.1 : drop }");
    expect(rules).not.toContain("x;");
  });

  test("asks for the sender of what comes in", () => {
    const rules = filterRules("pods0", [
      fence(["10.0.0.1"], [flow({ kind: "addresses", addresses: ["10.0.0.2"] })], "open"),
    ]);
    expect(linesFrom(rules, "to4")).toEqual(["ip saddr { 10.0.0.2 } return", "drop"]);
  });
});
