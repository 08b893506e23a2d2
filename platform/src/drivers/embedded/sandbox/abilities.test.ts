import { describe, expect, test } from "vitest";
import { describeAbilities, type Findings } from "./abilities.ts";

const BEST: Findings = {
  root: true,
  userNamespace: true,
  overlay: true,
  powers: new Set(["memory", "pids", "cpu", "cpuacct", "freezer"] as const),
  cgroupVersions: [2],
  network: "own",
  wayOut: true,
  filter: true,
};
const LEAST: Findings = {
  root: true,
  userNamespace: false,
  overlay: false,
  powers: new Set(),
  cgroupVersions: [],
  network: "shared",
  wayOut: true,
  filter: false,
  filterHint: "Install what filters them.",
};

describe("describing what a machine can do", () => {
  test("the best machine enforces everything but what is written, and has nothing to get", () => {
    const { table, ...rest } = describeAbilities(BEST);
    expect(rest).toEqual({
      root: true,
      userNamespace: true,
      overlay: true,
      cgroup: "v2",
      freezer: true,
      network: "own",
      wayOut: true,
      filter: true,
    });
    const lesser = table.filter(({ state }) => state !== "enforced");
    expect(lesser).toMatchObject([{ what: "Files written", state: "sampled" }]);
    expect(table.filter(({ howToGetMore }) => howToGetMore)).toEqual([]);
  });

  test("a network that a firewall lets nowhere is still the dyno's own", () => {
    const row = describeAbilities({ ...BEST, wayOut: false }).table.find(({ what }) => what === "Network");
    expect(row).toMatchObject({ state: "enforced", howToGetMore: expect.stringContaining("firewall") });
  });

  test("shares without a count of their use hold, and nobody comes after the others", () => {
    const detailOf = (...powers: Parameters<typeof BEST.powers.has>) =>
      describeAbilities({ ...BEST, powers: new Set(powers) }).table.find(
        ({ what }) => what === "Processor shares",
      )?.detail;
    expect(detailOf("cpu")).toBe("by cgroup");
    expect(describeAbilities(BEST).table).toContainEqual(
      expect.objectContaining({
        what: "Processor shares",
        detail: expect.stringContaining("after the others"),
      }),
    );
  });

  test("whatever is missing is said, with the way to get it", () => {
    const { table, cgroup, freezer } = describeAbilities(LEAST);
    expect({ cgroup, freezer }).toEqual({ cgroup: "none", freezer: false });
    const missing = table.filter(({ howToGetMore }) => howToGetMore).map(({ what }) => what);
    expect(missing).toEqual(
      expect.arrayContaining(["User", "System calls", "Files", "Network", "Memory", "Processor shares"]),
    );
  });

  test("the table has the same rows on every machine", () => {
    const rows = (findings: Findings) => describeAbilities(findings).table.map(({ what }) => what);
    expect(rows(LEAST)).toEqual(rows(BEST));
  });

  test.each([
    [["memory", "freezer"], [2, 1], "v1"],
    [["freezer"], [2], "none"],
    [["memory"], [2], "v2"],
  ] as const)("%j by versions %j is %s", (powers, cgroupVersions, expected) => {
    expect(describeAbilities({ ...BEST, powers: new Set(powers), cgroupVersions }).cgroup).toBe(expected);
  });
});
