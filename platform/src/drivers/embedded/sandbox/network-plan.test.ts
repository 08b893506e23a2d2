import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  findTables,
  firewallRules,
  isLoopback,
  linkScript,
  MOST_LINKS,
  nameServers,
  planAddresses,
  planLink,
  resolverElsewhere,
} from "./network-plan.ts";

const PLAN = planAddresses("/home/c", []) ?? expect.fail("no plan");

describe("planning addresses", () => {
  test("is the same for one home, and another for another", () => {
    expect(planAddresses("/home/c", [])).toEqual(PLAN);
    expect(planAddresses("/home/d", [])?.table).not.toBe(PLAN.table);
  });

  test("keeps out of every network in use", () => {
    const next = planAddresses("/home/c", [`${PLAN.ipv4Prefix}.0.0/16`]);
    expect(next?.ipv4Prefix).not.toBe(PLAN.ipv4Prefix);
    const all = Array.from({ length: 256 }, (_, n) => `10.${n}.0.1`);
    expect(planAddresses("/home/c", all)).toBeUndefined();
    expect(planAddresses("/home/c", ["default", "192.0.2.0/24", "10.0.0.0/24"])).toEqual(PLAN);
  });

  test("gives every link addresses and a name of its own, in the kernel's bounds", () => {
    fc.assert(
      fc.property(fc.nat(MOST_LINKS - 1), fc.nat(MOST_LINKS - 1), (one, two) => {
        const [a, b] = [planLink(PLAN, one, true), planLink(PLAN, two, true)];
        expect(a.name.length).toBeLessThanOrEqual(15);
        for (const octet of a.dyno4.split(".")) expect(Number(octet)).toBeLessThan(256);
        const shared = Object.values(a).filter((value) => Object.values(b).includes(value));
        expect(shared).toHaveLength(one === two ? 5 : 0);
      }),
    );
  });

  test("a link is a network of four addresses", () => {
    expect(planLink({ ...PLAN, ipv4Prefix: "10.200", interfacePrefix: "cf12345-" }, 65, true)).toMatchObject({
      name: "cf12345-65",
      host4: "10.200.1.5",
      dyno4: "10.200.1.6",
    });
  });
});

describe("the set-up of a link", () => {
  const script = linkScript(planLink(PLAN, 3, true), 4711);

  test("makes one end in this machine's network and configures both", () => {
    expect(script).toContain("nsenter --net=/proc/4711/ns/net -- ip -batch -");
    expect(script).toContain("type veth peer name eth0 netns 1");
    expect(script).toContain("route add default via");
  });

  test("gives no IPv6 where this machine has none", () => {
    const link = planLink(PLAN, 3, false);
    expect(Object.keys(link).sort()).toEqual(["dyno4", "host4", "name"]);
    expect(script.match(/nodad/g)).toHaveLength(2);
    expect(linkScript(link, 4711)).not.toMatch(/nodad|undefined/);
  });

  test("has nothing in it for a shell to expand", () => {
    expect(script).not.toMatch(/[$`;]/);
  });
});

describe("the firewall", () => {
  const rules = firewallRules(PLAN, { resolvers: ["192.0.2.2", "fd00::2"], ports: [8080, 6400] });

  test("replaces a table that is there, in one transaction", () => {
    expect(rules.split("\n").slice(0, 2)).toEqual([
      `table inet ${PLAN.table}`,
      `delete table inet ${PLAN.table}`,
    ]);
  });

  test("keeps dynos from each other, from this machine and from metadata services", () => {
    const dynos = `"${PLAN.interfacePrefix}*"`;
    expect(rules).toContain(`iifname ${dynos} oifname ${dynos} drop`);
    expect(rules).toContain(`iifname ${dynos} drop`);
    expect(rules).toContain(`iifname ${dynos} ip daddr 169.254.0.0/16 drop`);
    expect(rules).toContain(`oifname ${dynos} drop`);
  });

  test("says whose it is, where that can be said in a comment", () => {
    const of = (home: string) =>
      findTables(
        firewallRules({ ...PLAN, home }, { resolvers: [], ports: [] })
          .split("\n")
          .slice(2)
          .join("\n"),
      );
    expect(of("/home/c")).toEqual([{ table: PLAN.table, home: "/home/c" }]);
    expect(of("/srv/né with spaces")).toEqual([{ table: PLAN.table, home: "/srv/né with spaces" }]);
    for (const home of ['/a"b', "/a\\b", "/a\nb", `/${"a".repeat(110)}`]) expect(of(home)).toEqual([]);
    expect(
      findTables('table inet filter {\n comment "dynos of /x"\n}\ntable ip conifer_0123456789ab {\n}\n'),
    ).toEqual([]);
  });

  test("lets answers through, and questions to this machine's own resolver", () => {
    expect(rules.indexOf("established,related accept")).toBeLessThan(rules.lastIndexOf("drop"));
    expect(rules).toContain("ip daddr 192.0.2.2 meta l4proto { tcp, udp } th dport 53 accept");
    expect(rules).not.toContain("fd00::2");
  });

  test("lets them ask a cloud's resolver, and nothing else beside it", () => {
    const cloud = firewallRules(PLAN, { resolvers: ["169.254.169.254"], ports: [] });
    const [, forward = ""] = cloud.split("chain forward {");
    const asks = forward.indexOf("ip daddr 169.254.169.254 meta l4proto { tcp, udp } th dport 53 accept");
    expect(asks).toBeGreaterThan(0);
    expect(asks).toBeLessThan(forward.indexOf("ip daddr 169.254.0.0/16 drop"));
    expect(rules.split("chain input {")[0]).not.toContain("192.0.2.2");
  });

  test("lets them call the ports that are for everybody, and none where there are none", () => {
    const open = rules.indexOf(`iifname "${PLAN.interfacePrefix}*" tcp dport { 8080, 6400 } accept`);
    expect(open).toBeGreaterThan(0);
    expect(open).toBeLessThan(rules.lastIndexOf(" drop"));
    expect(firewallRules(PLAN, { resolvers: [], ports: [] })).not.toContain("dport");
  });
});

test.each([
  ["nameserver 1.1.1.1\n# nameserver 2.2.2.2\n nameserver ::1 \nsearch x\n", ["1.1.1.1", "::1"]],
  ["", []],
])("name servers of %j", (text, expected) => {
  expect(nameServers(text)).toEqual(expected);
});

test.each([
  ["127.0.0.53", true],
  ["::1", true],
  ["10.0.0.1", false],
])("%s is loopback: %s", (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

test.each<[string, string, string | undefined]>([
  ["another machine", "nameserver 192.0.2.53\n", "192.0.2.53"],
  ["the first that is", "nameserver 192.0.2.2\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n", "192.0.2.53"],
  ["none where all are this machine", "nameserver 192.0.2.2\n", undefined],
  ["none of IPv6", "nameserver 2001:db8::53\n", undefined],
  ["none where there is none", "search example.com\n", undefined],
])("the way out is tried to a resolver: %s", (_what, text, expected) => {
  expect(resolverElsewhere(text, ["127.0.0.1", "192.0.2.2"])).toBe(expected);
});
