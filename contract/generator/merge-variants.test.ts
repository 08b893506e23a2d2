import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pickVariant } from "../src/description.ts";
import { mergeVariants, sortKeys } from "./merge-variants.ts";

describe("mergeVariants", () => {
  test("holds what is equal once, and the rest by variant, in the order of the keys", () => {
    const merged = mergeVariants({ z: [1], b: 2, a: 3 }, { z: [1], b: 4, c: 5 });
    expect(merged).toEqual({ a: { base: 3 }, b: { base: 2, sdk: 4 }, c: { sdk: 5 }, z: { both: [1] } });
    expect(Object.keys(merged)).toEqual(["a", "b", "c", "z"]);
  });

  test("loses nothing", () => {
    const table = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.integer({ min: 0, max: 3 }), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(table, table, (base, sdk) => {
        const merged = mergeVariants(base, sdk);
        expect(pickVariant(merged, "base")).toEqual(base);
        expect(pickVariant(merged, "sdk")).toEqual(sdk);
      }),
    );
  });
});

describe("sortKeys", () => {
  test("orders by code unit, whatever the locale", () => {
    expect(Object.keys(sortKeys({ b: 1, a: 1, B: 1, "a-b": 1, a_b: 1 }))).toEqual([
      "B",
      "a",
      "a-b",
      "a_b",
      "b",
    ]);
  });
});
