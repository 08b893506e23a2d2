import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compactJson } from "./compact-json.ts";

describe("compactJson", () => {
  test.each([
    [null, "null"],
    ["a", '"a"'],
    [[], "[]"],
    [{}, "{}"],
    [[1, "a"], '[1, "a"]'],
    [{ a: 1, "b-c": [true] }, '{ "a": 1, "b-c": [true] }'],
  ])("%j", (value, text) => {
    expect(compactJson(value)).toBe(text);
  });

  test("breaks what does not fit on a line, and only that", () => {
    const long = "x".repeat(150);
    expect(compactJson({ a: [long], b: { c: 1 } })).toBe(
      `{\n  "a": [\n    "${long}"\n  ],\n  "b": { "c": 1 }\n}`,
    );
  });

  test("means the same value again, in lines no longer than they must be", () => {
    const words = fc.string({ minLength: 1, maxLength: 12 }).filter((word) => word !== "__proto__");
    const leaf = fc.oneof(words, fc.integer(), fc.boolean(), fc.constant(null));
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie("node")),
        fc.dictionary(words, tie("node"), { noNullPrototype: true }),
      ),
    })).node;
    fc.assert(
      fc.property(value, (one) => {
        const text = compactJson(one);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(one)));
        for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(162);
      }),
    );
  });
});
