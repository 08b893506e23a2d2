import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bridgeOf,
  type ClusterSettings,
  cgroupOf,
  chooseSlot,
  families,
  familyList,
  MOST_NODES,
  NAME_RULE,
  planCluster,
  SLOTS,
} from "./cluster-plan.ts";

const anySettings: fc.Arbitrary<ClusterSettings> = fc.record({
  name: fc.stringMatching(NAME_RULE),
  slot: fc.integer({ min: 1, max: SLOTS }),
  nodes: fc.integer({ min: 1, max: MOST_NODES }),
  dualStack: fc.boolean(),
  egress: fc.boolean(),
});

const addressOf = (range: string) => range.split("/")[0] ?? "";
/** An IPv4 address as a number. */
const numberOf = (address: string) => address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
/** A number as an IPv4 address. */
const textOf = (value: number) =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");

/** First and last address of a range, cut to its bits. */
function span(range: string): readonly [number, number] {
  const [address = "", bits = "32"] = range.split("/");
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(numberOf(address) / size) * size;
  return [first, first + size - 1];
}

const overlap = (one: string, other: string) => {
  const [[from, to], [start, end]] = [span(one), span(other)];
  return from <= end && start <= to;
};

const blockOf = (slot: number) =>
  planCluster({ name: "x", slot, nodes: 1, dualStack: false, egress: true }).block.v4;

describe("every plan", () => {
  test("holds nothing but addresses that are addresses", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const plan = planCluster(settings);
        const pairs = [plan.block, plan.host, plan.services, plan.apiService, plan.allPods];
        for (const { address, pods } of plan.members) pairs.push(address, pods);
        for (const { v4, v6 } of pairs) {
          expect(isIPv4(addressOf(v4))).toBe(true);
          expect(isIPv6(addressOf(v6))).toBe(true);
        }
        expect(isIPv4(plan.dnsService)).toBe(true);
        expect(new URL(plan.server)).toMatchObject({ protocol: "https:", port: "6443" });
      }),
    );
  });

  test("gives each node a name, an address, a range and a cable that no other has", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const { members, host } = planCluster(settings);
        expect(members.map(({ number }) => number)).toEqual(members.map((_, at) => at + 1));
        const distinct = (values: readonly string[]) => new Set(values).size === values.length;
        expect(distinct(members.map(({ name }) => name))).toBe(true);
        expect(distinct(members.map(({ link }) => link))).toBe(true);
        expect(distinct([host.v4, ...members.map(({ address }) => address.v4)])).toBe(true);
        expect(distinct([host.v6, ...members.map(({ address }) => address.v6)])).toBe(true);
        expect(distinct(members.map(({ pods }) => pods.v6))).toBe(true);
        for (const [at, one] of members.entries()) {
          for (const other of members.slice(at + 1)) expect(overlap(one.pods.v4, other.pods.v4)).toBe(false);
        }
      }),
    );
  });

  test("leaves the nodes that there are as they are when more come", () => {
    fc.assert(
      fc.property(anySettings, fc.integer({ min: 1, max: MOST_NODES }), (settings, nodes) => {
        const [few, many] = [settings.nodes, nodes].sort((a, b) => a - b);
        const small = planCluster({ ...settings, nodes: few ?? 1 });
        const large = planCluster({ ...settings, nodes: many ?? 1 });
        expect(large.members.slice(0, few)).toEqual(small.members);
        expect({ ...large, members: [], nodes: 0 }).toEqual({ ...small, members: [], nodes: 0 });
      }),
    );
  });

  test("carries its settings, and is what its text is read back as", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const plan = planCluster(settings);
        expect(plan).toMatchObject(settings);
        expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
      }),
    );
  });

  test("names bridge and cgroup as those do who know the name only", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const plan = planCluster(settings);
        expect([plan.bridge, plan.cgroup]).toEqual([bridgeOf(settings.name), cgroupOf(settings.name)]);
        for (const { link } of plan.members) expect(link.length).toBeLessThanOrEqual(15);
      }),
    );
  });

  test("has the API server on its first node and both Services in their range", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const plan = planCluster(settings);
        expect(new URL(plan.server).hostname).toBe(plan.members[0]?.address.v4);
        expect(overlap(plan.apiService.v4, plan.services.v4)).toBe(true);
        expect(overlap(plan.dnsService, plan.services.v4)).toBe(true);
        expect(plan.dnsService).not.toBe(plan.apiService.v4);
      }),
    );
  });
});

describe("blocks of two slots", () => {
  test("have no address in common, in either family", () => {
    const plans = Array.from({ length: SLOTS }, (_, at) =>
      planCluster({ name: "x", slot: at + 1, nodes: MOST_NODES, dualStack: true, egress: true }),
    );
    for (const [at, one] of plans.entries()) {
      for (const other of plans.slice(at + 1)) {
        expect(overlap(one.block.v4, other.block.v4)).toBe(false);
        expect(one.block.v6).not.toBe(other.block.v6);
      }
      expect(overlap(one.block.v4, "198.19.0.0/16")).toBe(true);
      expect(overlap(one.block.v4, "198.18.0.0/16")).toBe(false);
    }
  });
});

describe("the choice of a slot", () => {
  const names = fc.stringMatching(NAME_RULE);
  const ranges = fc
    .tuple(
      fc.integer({ min: numberOf("198.16.0.0"), max: numberOf("198.23.255.255") }),
      fc.integer({ min: 1, max: 32 }),
    )
    .map(([address, bits]) => `${textOf(address)}/${bits}`);

  test("never touches what the machine has, and gives up only when everything does", () => {
    fc.assert(
      fc.property(names, fc.array(ranges, { maxLength: 6 }), (name, addresses) => {
        const free = Array.from({ length: SLOTS }, (_, at) => at + 1).filter(
          (slot) => !addresses.some((one) => overlap(one, blockOf(slot))),
        );
        const chosen = chooseSlot(name, [], addresses);
        if (chosen === undefined) expect(free).toEqual([]);
        else expect(free).toContain(chosen);
      }),
    );
  });

  test("of one name stays while nothing comes in its way", () => {
    const slots = fc.uniqueArray(fc.integer({ min: 1, max: SLOTS }), { maxLength: SLOTS - 1 });
    fc.assert(
      fc.property(names, slots, (name, taken) => {
        const usual = chooseSlot(name, [], []) ?? 0;
        const chosen = chooseSlot(name, taken, []);
        if (!taken.includes(usual)) expect(chosen).toBe(usual);
        expect(chooseSlot(name, [...taken].reverse(), [])).toBe(chosen);
      }),
    );
  });

  test("of many names leads to every slot", () => {
    const reached = Array.from({ length: 400 }, (_, at) => chooseSlot(`n${at.toString(36)}`, [], []));
    expect(new Set(reached).size).toBe(SLOTS);
  });

  test.each(["198.19.0.0/16", "198.0.0.0/8", "128.0.0.0/1"])("there is none beside a way to %s", (range) => {
    expect(chooseSlot("dev", [], [range])).toBeUndefined();
  });
});

test.each(["dev", "a", "a1", "abcdefghij"])("%s is a name", (name) => {
  expect(NAME_RULE.test(name)).toBe(true);
});

test.each(["", "1a", "A", "aB", "a-b", "a.b", "a b", "abcdefghijk"])("%j is no name", (name) => {
  expect(NAME_RULE.test(name)).toBe(false);
});

test("one family and both are the same first", () => {
  fc.assert(
    fc.property(fc.boolean(), fc.ipV4(), fc.ipV6(), (dualStack, v4, v6) => {
      const list = familyList({ dualStack }, { v4, v6 });
      expect(families({ dualStack }, { v4, v6 })).toBe(list.join(","));
      expect(list[0]).toBe(v4);
      expect(list).toHaveLength(dualStack ? 2 : 1);
    }),
  );
});
