import { describe, expect, test } from "vitest";
import { planCluster } from "./cluster-plan.ts";
import { egressRules, hostCommands, isLinkOf, markedRules, nodeRoutes, ruleMark } from "./host-network.ts";

const settings = { name: "dev", slot: 12, nodes: 2, dualStack: false, egress: true };
const plan = planCluster(settings);

describe("the host's side", () => {
  test("IPv4", () => {
    expect(hostCommands(plan, 1400)).toEqual([
      "link set ck-dev mtu 1400 up",
      "address replace 198.19.200.1/24 dev ck-dev",
      "route replace 198.19.192.0/24 via 198.19.200.11 dev ck-dev",
      "route replace 198.19.193.0/24 via 198.19.200.12 dev ck-dev",
      "route replace 198.19.204.0/22 via 198.19.200.11 dev ck-dev",
    ]);
  });

  test("both families", () => {
    const commands = hostCommands(planCluster({ ...settings, dualStack: true }), 1500);
    expect(commands.slice(5)).toEqual([
      "address replace fd98:c0:12:8::1/64 dev ck-dev nodad",
      "route replace fd98:c0:12:0::/64 via fd98:c0:12:8::11 dev ck-dev",
      "route replace fd98:c0:12:1::/64 via fd98:c0:12:8::12 dev ck-dev",
      "route replace fd98:c0:12:ffff::/112 via fd98:c0:12:8::11 dev ck-dev",
    ]);
  });
});

describe("a node's ways", () => {
  test("lead to Services, to the others' pods and out", () => {
    expect(nodeRoutes(plan, 2)).toEqual([
      "route replace 198.19.204.0/22 dev eth0 src 198.19.200.12",
      "route replace 198.19.192.0/24 via 198.19.200.11",
      "route replace default via 198.19.200.1",
    ]);
  });

  test("without egress the way out is taken away", () => {
    const routes = nodeRoutes(planCluster({ ...settings, egress: false }), 1);
    expect(routes).toContain("route flush exact default");
    expect(routes.filter((route) => route.includes("default via"))).toEqual([]);
  });

  test("IPv6 never leads out", () => {
    const routes = nodeRoutes(planCluster({ ...settings, dualStack: true }), 1);
    expect(routes).toContain("route replace fd98:c0:12:1::/64 via fd98:c0:12:8::12");
    expect(routes.filter((route) => route.startsWith("route replace default"))).toHaveLength(1);
  });
});

describe("rules of the packet filter", () => {
  test("hide what leaves the block behind the host, and carry the cluster's mark", () => {
    const rules = egressRules(plan);
    expect(rules.map(({ table, chain }) => `${table} ${chain}`)).toEqual([
      "nat POSTROUTING",
      "filter FORWARD",
      "filter FORWARD",
    ]);
    expect(rules[0]?.rule.join(" ")).toContain("-s 198.19.192.0/20 ! -d 198.19.192.0/20");
    for (const { rule } of rules) expect(rule).toContain(ruleMark("dev"));
  });

  const listed = `-P POSTROUTING ACCEPT
-A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE
-A POSTROUTING -s 198.19.192.0/20 ! -d 198.19.192.0/20 -m comment --comment "conifer-cluster:dev" -j MASQUERADE
-A POSTROUTING -s 198.19.16.0/20 -m comment --comment "conifer-cluster:dev2" -j MASQUERADE
-A FORWARD -i ck-dev -m comment --comment conifer-cluster:dev -j ACCEPT
-A FORWARD -m comment --comment "not a conifer-cluster:dev rule" -j ACCEPT`;

  test("are found again by it, quoted or not, and nobody else's are", () => {
    expect(markedRules(listed, "dev").map((rule) => rule.slice(0, 3))).toEqual([
      ["POSTROUTING", "-s", "198.19.192.0/20"],
      ["FORWARD", "-i", "ck-dev"],
    ]);
    expect(markedRules(listed, "dev2")).toHaveLength(1);
    expect(markedRules("", "dev")).toEqual([]);
  });

  test("are given back word by word, as they must be to be deleted", () => {
    expect(markedRules(listed, "dev")[1]).toEqual(
      "FORWARD -i ck-dev -m comment --comment conifer-cluster:dev -j ACCEPT".split(" "),
    );
  });
});

test.each([
  ["ck-dev", true],
  ["ck-dev-1", true],
  ["ck-dev-8", true],
  ["ck-dev2", false],
  ["ck-dev2-1", false],
  ["ck-dev-1x", false],
  ["ck-de", false],
  ["eth0", false],
])("%s is a link of dev: %s", (link, own) => {
  expect(isLinkOf(link, "dev")).toBe(own);
});
