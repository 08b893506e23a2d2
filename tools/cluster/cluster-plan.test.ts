import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ClusterSettings,
  chooseSlot,
  families,
  familyList,
  MOST_NODES,
  NAME_RULE,
  planCluster,
  SLOTS,
} from "./cluster-plan.ts";

const settings: ClusterSettings = { name: "dev", slot: 12, nodes: 3, dualStack: true, egress: true };

/** First and last address of an IPv4 range, as numbers. */
function span(range: string): readonly [number, number] {
  const [address = "", bits = "32"] = range.split("/");
  const first = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return [first, first + 2 ** (32 - Number(bits)) - 1];
}

const within = (inner: string, outer: string) => {
  const [[from, to], [start, end]] = [span(inner), span(outer)];
  return from >= start && to <= end;
};
const apart = (one: string, other: string) => {
  const [[from, to], [start, end]] = [span(one), span(other)];
  return to < start || from > end;
};

describe("a plan", () => {
  test("follows from the settings alone", () => {
    const plan = planCluster(settings);
    expect(plan).toEqual(planCluster({ ...settings }));
    expect(plan).toMatchObject({
      bridge: "ck-dev",
      cgroup: "ck-dev",
      block: { v4: "198.19.192.0/20", v6: "fd98:c0:12::/48" },
      host: { v4: "198.19.200.1", v6: "fd98:c0:12:8::1" },
      registry: "198.19.200.1:6450",
      services: { v4: "198.19.204.0/22", v6: "fd98:c0:12:ffff::/112" },
      apiService: { v4: "198.19.204.1", v6: "fd98:c0:12:ffff::1" },
      dnsService: "198.19.204.10",
      allPods: { v4: "198.19.192.0/21", v6: "fd98:c0:12::/61" },
      server: "https://198.19.200.11:6443",
    });
    expect(plan.members).toHaveLength(3);
    expect(plan.members[1]).toEqual({
      number: 2,
      name: "node2",
      address: { v4: "198.19.200.12", v6: "fd98:c0:12:8::12" },
      pods: { v4: "198.19.193.0/24", v6: "fd98:c0:12:1::/64" },
      link: "ck-dev-2",
    });
  });

  test("takes the registry that was asked for", () => {
    expect(planCluster({ ...settings, registry: "registry.test:5000" }).registry).toBe("registry.test:5000");
  });

  test("keeps all of a cluster in its block, and its parts out of each other", () => {
    for (let slot = 1; slot <= SLOTS; slot += 1) {
      const plan = planCluster({ ...settings, slot, nodes: MOST_NODES });
      const pods = plan.members.map((member) => member.pods.v4);
      const nodes = `${plan.host.v4.replace(/\.1$/, ".0")}/24`;
      for (const range of [...pods, nodes, plan.services.v4]) expect(within(range, plan.block.v4)).toBe(true);
      for (const range of pods) expect(within(range, plan.allPods.v4)).toBe(true);
      expect(apart(nodes, plan.allPods.v4)).toBe(true);
      expect(apart(plan.services.v4, plan.allPods.v4)).toBe(true);
      expect(apart(plan.services.v4, nodes)).toBe(true);
      for (const address of [plan.dnsService, plan.apiService.v4]) {
        expect(within(address, plan.services.v4)).toBe(true);
      }
      for (const { address } of plan.members) expect(within(address.v4, nodes)).toBe(true);
    }
  });

  test("gives two clusters nothing in common", () => {
    const one = planCluster(settings);
    const other = planCluster({ ...settings, name: "other", slot: 13 });
    expect(apart(one.block.v4, other.block.v4)).toBe(true);
    expect(one.block.v6).not.toBe(other.block.v6);
    expect(one.members.map(({ link }) => link)).not.toContain(other.members[0]?.link);
  });

  test("names no link with more letters than the kernel takes", () => {
    const name = "abcdefghij";
    expect(NAME_RULE.test(name)).toBe(true);
    const plan = planCluster({ ...settings, name, nodes: MOST_NODES });
    for (const { link } of plan.members) expect(link.length).toBeLessThanOrEqual(15);
  });
});

describe("families", () => {
  const both = { v4: "four", v6: "six" };
  test.each([
    [true, "four,six", ["four", "six"]],
    [false, "four", ["four"]],
  ])("dual-stack %s", (dualStack, joined, list) => {
    expect(families({ dualStack }, both)).toBe(joined);
    expect(familyList({ dualStack }, both)).toEqual(list);
  });
});

describe("an address block", () => {
  test("is the same for a name from day to day", () => {
    expect(chooseSlot("dev", [], [])).toBe(chooseSlot("dev", [], []));
    expect(planCluster({ ...settings, slot: chooseSlot("dev", [], []) ?? 0 }).block.v4).toMatch(/^198\.19\./);
  });

  test("is another when that one is taken", () => {
    const first = chooseSlot("dev", [], []) ?? 0;
    const second = chooseSlot("dev", [first], []);
    expect(second).toBe((first % SLOTS) + 1);
  });

  test.each([
    ["an address of this machine", (start: number) => `198.19.${start}.77`],
    ["a smaller range", (start: number) => `198.19.${start + 15}.128/25`],
    ["the range itself", (start: number) => `198.19.${start}.0/20`],
    ["a larger range", () => "198.18.0.0/15"],
  ])("is not one that touches %s", (_, range) => {
    const first = chooseSlot("dev", [], []) ?? 0;
    const chosen = chooseSlot("dev", [], [range(first * 16)]);
    expect(chosen).not.toBe(first);
  });

  test.each([
    "default",
    "0.0.0.0/0",
    "10.0.0.0/8",
    "198.18.0.0/16",
    "198.19.0.0/20",
    "fd98::/16",
    "",
    "unreachable",
  ])("minds not what lies elsewhere: %s", (range) => {
    expect(chooseSlot("dev", [], [range])).toBe(chooseSlot("dev", [], []));
  });

  test("is free, or there is none", () => {
    const anySlots = fc.uniqueArray(fc.integer({ min: 1, max: SLOTS }));
    fc.assert(
      fc.property(fc.stringMatching(NAME_RULE), anySlots, (name, taken) => {
        const slot = chooseSlot(name, taken, []);
        if (taken.length === SLOTS) return slot === undefined;
        return slot !== undefined && slot >= 1 && slot <= SLOTS && !taken.includes(slot);
      }),
    );
  });
});
