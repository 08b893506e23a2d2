import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareVersions, readSpecifier } from "./version-specifier.ts";

const VERSIONS = ["3.9.18", "3.10.4", "3.11.0", "3.11.2", "3.11.9", "3.12.1", "3.13.0", "4.0.0"];
const allowed = (text: string) => VERSIONS.filter((version) => readSpecifier(text)?.(version));

describe("what projects say about Python", () => {
  it.each([
    [">=3.11", ["3.11.0", "3.11.2", "3.11.9", "3.12.1", "3.13.0", "4.0.0"]],
    [">=3.11,<3.13", ["3.11.0", "3.11.2", "3.11.9", "3.12.1"]],
    [">= 3.11, < 3.12", ["3.11.0", "3.11.2", "3.11.9"]],
    [">=3.11 <3.12", ["3.11.0", "3.11.2", "3.11.9"]],
    [">3.12,!=3.13.0", ["3.12.1", "4.0.0"]],
    ["<=3.11", ["3.9.18", "3.10.4", "3.11.0"]],
    ["==3.11.*", ["3.11.0", "3.11.2", "3.11.9"]],
    ["!=3.11.*,<3.13", ["3.9.18", "3.10.4", "3.12.1"]],
    ["==3.11", ["3.11.0"]],
    ["===3.11.2", ["3.11.2"]],
    ["~=3.11", ["3.11.0", "3.11.2", "3.11.9", "3.12.1", "3.13.0"]],
    ["~=3.11.2", ["3.11.2", "3.11.9"]],
    ["^3.11", ["3.11.0", "3.11.2", "3.11.9", "3.12.1", "3.13.0"]],
    ["^3.11.2", ["3.11.2", "3.11.9", "3.12.1", "3.13.0"]],
    ["~3.11", ["3.11.0", "3.11.2", "3.11.9"]],
    ["~3.11.2", ["3.11.2", "3.11.9"]],
    ["~3", VERSIONS.slice(0, -1)],
    ["3.11", ["3.11.0", "3.11.2", "3.11.9"]],
    ["3.11.*", ["3.11.0", "3.11.2", "3.11.9"]],
    ["3.11.2", ["3.11.2"]],
    ["~3.9 || ^4.0", ["3.9.18", "4.0.0"]],
    ["*", VERSIONS],
    [">=3.13.0rc1", ["3.13.0", "4.0.0"]],
  ])("%s", (text, versions) => {
    expect(allowed(text)).toEqual(versions);
  });

  it.each([
    "",
    " ",
    "latest",
    ">=",
    ">=3.x",
    "3.11 || ",
    "=3.11",
    ">=3.*",
    "3..11",
    "pypy3.10",
    ">".repeat(900),
  ])("is not understood when it is %j", (text) => {
    expect(readSpecifier(text)).toBeUndefined();
  });
});

describe("for any numbers", () => {
  const number = fc.nat({ max: 30 });
  const version = fc.tuple(number, number, number).map((parts) => parts.join("."));

  it("a range holds what lies between its ends", () => {
    fc.assert(
      fc.property(version, version, version, (low, high, one) => {
        const inside = compareVersions(low, one) <= 0 && compareVersions(one, high) < 0;
        expect(readSpecifier(`>=${low},<${high}`)?.(one)).toBe(inside);
      }),
    );
  });

  it("a specifier and its opposite never agree", () => {
    const pairs = fc.constantFrom(["==", "!="], ["<", ">="], [">", "<="]);
    fc.assert(
      fc.property(pairs, version, version, ([is, isNot], stated, one) => {
        expect(readSpecifier(`${is}${stated}`)?.(one)).not.toBe(readSpecifier(`${isNot}${stated}`)?.(one));
      }),
    );
  });

  it("an exact version allows itself, however it is written", () => {
    fc.assert(
      fc.property(version, fc.constantFrom("", "==", "===", ">=", "<=", "~=", "~", "^"), (one, operator) => {
        expect(readSpecifier(operator + one)?.(one)).toBe(true);
      }),
    );
  });

  it("any text is read or refused, quickly", () => {
    const text = fc.string({ unit: fc.constantFrom(..."<>=!~^*.,| 0123abrcdevpost"), maxLength: 400 });
    fc.assert(
      fc.property(text, (one) => {
        const allows = readSpecifier(one);
        if (allows !== undefined) expect(typeof allows("3.11.2")).toBe("boolean");
      }),
    );
  });
});

it.each([
  ["3.11.2", "3.9.18", 2],
  ["3.9.1", "3.9.10", -9],
  ["3.9", "3.9.0", 0],
])("compares %s with %s", (a, b, expected) => {
  expect(compareVersions(a, b)).toBe(expected);
});
