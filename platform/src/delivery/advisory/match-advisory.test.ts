import { describe, expect, it } from "vitest";
import { type AffectedPackage, parseAdvisory } from "./advisory.ts";
import { touches } from "./match-advisory.ts";

const affected = (change: Partial<AffectedPackage>): AffectedPackage => {
  return { type: "npm", name: "a", release: undefined, versions: [], ranges: [], ...change };
};
type Events = readonly Readonly<Record<string, string>>[];
const range = (type: string, ...events: Events) =>
  parseAdvisory(
    JSON.stringify({
      id: "X",
      affected: [{ package: { name: "a", ecosystem: "npm" }, ranges: [{ type, events }] }],
    }),
  ).packages[0]?.ranges ?? [];
const ask = (version: string, change: Partial<AffectedPackage>, qualifiers: Record<string, string> = {}) =>
  touches({ version, qualifiers }, affected(change))?.fixed;

describe("an advisory touches", () => {
  it.each<readonly [string, Events, readonly string[], readonly string[]]>([
    ["from the beginning", [{ introduced: "0" }], ["0.0.1", "9.0.0"], []],
    [
      "until it was fixed",
      [{ introduced: "0" }, { fixed: "1.2.0" }],
      ["1.1.9", "1.2.0-rc.1"],
      ["1.2.0", "2.0.0"],
    ],
    ["from a version on", [{ introduced: "1.0.0" }, { fixed: "1.2.0" }], ["1.0.0"], ["0.9.0", "1.0.0-rc.1"]],
    ["up to a version", [{ introduced: "0" }, { last_affected: "1.2.0" }], ["1.2.0"], ["1.2.1"]],
    [
      "twice",
      [{ introduced: "0" }, { fixed: "1.0.0" }, { introduced: "2.0.0" }, { fixed: "2.1.0" }],
      ["0.1.0", "2.0.5"],
      ["1.5.0", "2.1.0"],
    ],
    [
      "in any order of events",
      [{ fixed: "2.1.0" }, { introduced: "2.0.0" }, { fixed: "1.0.0" }, { introduced: "0" }],
      ["0.1.0", "2.0.5"],
      ["1.5.0"],
    ],
    ["below a limit", [{ introduced: "0" }, { limit: "2.0.0" }], ["1.9.9"], ["2.0.0"]],
    ["below no limit", [{ introduced: "0" }, { limit: "*" }], ["99.0.0"], []],
    ["nothing without a beginning", [{ fixed: "1.0.0" }], [], ["0.1.0"]],
  ])("versions %s", (_, events, inside, outside) => {
    for (const type of ["SEMVER", "ECOSYSTEM"]) {
      const ranges = range(type, ...events);
      for (const version of inside)
        expect([version, ask(version, { ranges }) !== undefined]).toEqual([version, true]);
      for (const version of outside)
        expect([version, ask(version, { ranges }) !== undefined]).toEqual([version, false]);
    }
  });

  it("versions that it lists, however they are written", () => {
    expect(ask("1.0.0", { versions: ["1.0.0"] })).toEqual([]);
    expect(ask("1.0", { type: "pypi", versions: ["1.0.0"] })).toEqual([]);
    expect(ask("1.0.1", { versions: ["1.0.0"] })).toBeUndefined();
    expect(ask("odd", { type: "generic", versions: ["odd"] })).toEqual([]);
  });

  it("and tells later versions that are not touched", () => {
    const ranges = range(
      "SEMVER",
      { introduced: "0" },
      { fixed: "1.0.0" },
      { introduced: "2.0.0" },
      { fixed: "2.1.0" },
    );
    expect(ask("2.0.0", { ranges })).toEqual(["2.1.0"]);
    expect(ask("0.5.0", { ranges })).toEqual(["1.0.0", "2.1.0"]);
  });

  it("no version that cannot be compared, and none by ranges of commits", () => {
    expect(ask("main", { ranges: range("SEMVER", { introduced: "0" }) })).toBeUndefined();
    expect(range("GIT", { introduced: "0" })).toEqual([]);
  });

  it.each([
    [{ distro: "debian-12" }, "12", true],
    [{ distro: "debian-12" }, "11", false],
    [{ distro: "debian-12" }, undefined, true],
    [{}, "11", true],
  ])("packages of %j, when it is about release %s: %s", (qualifiers, release, wanted) => {
    const ranges = range("ECOSYSTEM", { introduced: "0" }, { fixed: "2.36-9+deb12u4" });
    expect(ask("2.36-9", { type: "deb", release, ranges }, qualifiers) !== undefined).toBe(wanted);
  });
});

describe("an OSV document", () => {
  it("is read as far as it is looked at", () => {
    const document = {
      id: "GHSA-1",
      modified: "2026-01-02T03:04:05Z",
      aliases: ["CVE-2026-1", 7],
      details: "long",
      affected: [
        { package: { name: "Typing_Extensions", ecosystem: "PyPI" }, versions: ["1.0", 2] },
        { package: { name: "openssl", ecosystem: "Debian:12" } },
        { package: { name: "x", ecosystem: "crates.io" } },
        { package: {} },
        7,
      ],
    };
    expect(parseAdvisory(JSON.stringify(document))).toMatchObject({
      ...{ id: "GHSA-1", withdrawn: false, summary: "long", aliases: ["CVE-2026-1"] },
      modified: new Date("2026-01-02T03:04:05Z"),
      packages: [
        { type: "pypi", name: "typing-extensions", versions: ["1.0"], release: undefined },
        { type: "deb", name: "openssl", release: "12" },
      ],
    });
  });

  it.each([
    ["", "it is not JSON"],
    ["[]", "it has no id"],
    ['{"id":"a b"}', "it has no id"],
  ])("%j is none: %s", (text, why) => {
    expect(() => parseAdvisory(text)).toThrow(why);
  });

  it("that was withdrawn says so", () => {
    expect(parseAdvisory('{"id":"A","withdrawn":"2026-01-01T00:00:00Z"}').withdrawn).toBe(true);
  });
});
