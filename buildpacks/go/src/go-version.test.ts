import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseGo, compareGo, type GoRequirement, goVersionsToOffer, parseGoVersion } from "./go-version.ts";

const version = (text: string) => {
  const parsed = parseGoVersion(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};

describe("a version's name", () => {
  it.each([
    ["1.25", [1, 25], 0, false],
    ["go1.25.3", [1, 25], 3, true],
    ["1.26rc1", [1, 26], -999, true],
    ["1.9beta2", [1, 9], -1998, true],
    [" go1.20 ", [1, 20], 0, false],
  ] as const)("%s is read", (text, line, patch, isExact) => {
    expect(version(text)).toEqual({ text: text.trim().replace("go", ""), line, patch, isExact });
  });

  it.each(["", "1", "go", "1.25.x", "1.25.3-custom", "v1.25", "1.25.3.4", "latest", "1.99999"])(
    "%j is not",
    (text) => {
      expect(parseGoVersion(text)).toBeUndefined();
    },
  );

  it("has an order: betas, candidates, releases", () => {
    const order = ["1.9", "1.25beta1", "1.25beta2", "1.25rc1", "1.25.0", "1.25.10", "1.26rc1", "2.0"];
    const sorted = order.toReversed().map(version).sort(compareGo);
    expect(sorted.map(({ text }) => text)).toEqual(order);
  });
});

const HAD = ["1.20", "1.20.14", "1.22.5", "1.22.6", "1.25.0", "1.25.9", "1.25.10", "1.26rc1", "1.27.0", "x"];
const line = (text: string, more: Partial<GoRequirement> = {}): GoRequirement => ({
  ...{ wanted: version(text), form: "line", newerLines: true },
  ...more,
});
const exact = (text: string, more: Partial<GoRequirement> = {}) => line(text, { form: "exact", ...more });

describe("the version that is taken", () => {
  it.each<[string, GoRequirement, string | undefined, string?]>([
    ["the newest without a wish", { form: "newest", newerLines: true }, "1.27.0"],
    ["the newest of a line", line("1.25"), "1.25.10"],
    ["the newest of a patch level's line", line("1.25.3"), "1.25.10"],
    [
      "none that is older than the least",
      line("1.25.3", { least: version("1.25.11") }),
      "1.27.0",
      "a newer line",
    ],
    ["an exact one", exact("1.25.9"), "1.25.9"],
    ["an exact candidate", exact("1.26rc1"), "1.26rc1"],
    ["another of the line", exact("1.22.7"), "1.22.6", "another patch level"],
    ["the nearest newer line", line("1.23"), "1.25.10", "a newer line"],
    ["no candidate by itself", line("1.26"), "1.27.0", "a newer line"],
    ["no newer line where that is not wanted", line("1.23", { newerLines: false }), undefined],
    ["none beyond the newest", line("1.98"), undefined],
    ["a first release without a number", exact("1.20", { wanted: version("1.20") }), "1.20"],
  ])("is %s", (_name, requirement, expected, compromise) => {
    const found = chooseGo(requirement, HAD);
    expect([found?.version, found?.compromise]).toEqual([expected, compromise]);
  });

  it("is one that is there, at least what is demanded, and never older than the line asked for", () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 18, max: 30 }), fc.nat(12)), { maxLength: 30 }),
        fc.tuple(fc.integer({ min: 18, max: 30 }), fc.nat(12)),
        fc.constantFrom("line" as const, "exact" as const),
        (all, [minor, patch], form) => {
          const had = all.map(([m, p]) => `1.${m}.${p}`);
          const least = version(`1.${minor}.${patch}`);
          const found = chooseGo(line(least.text, { form, least }), had);
          const possible = had.filter((one) => compareGo(version(one), least) >= 0);
          expect(found === undefined).toBe(possible.length === 0);
          if (found === undefined) return;
          expect(possible).toContain(found.version);
          const sameLine = possible.filter((one) => version(one).line[1] === minor);
          if (sameLine.length > 0) expect(version(found.version).line[1]).toBe(minor);
        },
      ),
    ));
});

it("offers the newest of each line, and what is near", () => {
  expect(goVersionsToOffer(exact("1.25.99"), HAD)).toEqual([
    ...["1.25.10", "1.25.9", "1.25.0", "1.27.0", "1.22.6", "1.20.14"],
  ]);
  expect(goVersionsToOffer({ form: "newest", newerLines: true }, [])).toEqual([]);
});
