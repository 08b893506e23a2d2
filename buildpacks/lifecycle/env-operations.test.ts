import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyOperation, applyOperations, type EnvOperation, readOperations } from "./env-operations.ts";

const operation = (action: EnvOperation["action"], value: string, delimiter = ""): EnvOperation => ({
  name: "X",
  ...{ action, value, delimiter },
});

describe("environment files", () => {
  const cases: readonly [string, Record<string, string>, Record<string, string>, Record<string, string>][] = [
    ["no suffix overrides", { X: "new" }, { X: "old" }, { X: "new" }],
    [".override overrides", { "X.override": "new" }, { X: "old" }, { X: "new" }],
    [".default leaves a value", { "X.default": "new" }, { X: "old" }, { X: "old" }],
    [".default fills an empty value", { "X.default": "new" }, { X: "" }, { X: "new" }],
    [".append goes behind", { "X.append": "b" }, { X: "a" }, { X: "ab" }],
    [".prepend goes in front", { "X.prepend": "a" }, { X: "b" }, { X: "ab" }],
    [".delim stands between", { "X.append": "b", "X.delim": ":" }, { X: "a" }, { X: "a:b" }],
    [".delim stands not beside nothing", { "X.prepend": "b", "X.delim": ":" }, {}, { X: "b" }],
    ["values are taken as they are", { X: "$HOME\n" }, {}, { X: "$HOME\n" }],
    ["other suffixes are no operations", { "X.sh": "b", "Y.delim": ":" }, { X: "a" }, { X: "a" }],
    [
      "both directions at once",
      { "X.prepend": "a", "X.append": "c", "X.delim": "-" },
      { X: "b" },
      { X: "a-b-c" },
    ],
  ];
  it.each(cases)("%s", (_, files, before, after) => {
    expect(applyOperations(before, readOperations(files))).toEqual(after);
  });

  it("takes an operator's unsuffixed files as defaults", () => {
    expect(
      applyOperations({ X: "app" }, readOperations({ X: "operator" }, { unsuffixed: "default" })),
    ).toEqual({ X: "app" });
  });
});

describe("any operations", () => {
  it("defaults never change what is set, overrides always win", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (current, value) => {
        expect(applyOperation(current, operation("default", value))).toBe(current);
        expect(applyOperation(current, operation("override", value))).toBe(value);
      }),
    );
  });

  it("joining keeps both values whole", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), fc.string(), (current, value, delimiter) => {
        expect(applyOperation(current, operation("append", value, delimiter))).toBe(
          current + delimiter + value,
        );
        expect(applyOperation(current, operation("prepend", value, delimiter))).toBe(
          value + delimiter + current,
        );
      }),
    );
  });
});
