import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holdsAll } from "./object-subset.ts";

describe("an object holds what is wanted", () => {
  test.each([
    ["with fields of its own beside it", { a: 1, b: 2 }, { a: 1 }, true],
    ["but not when a field is missing", { b: 2 }, { a: 1 }, false],
    ["but not when a field is another", { a: 2 }, { a: 1 }, false],
    ["deep inside", { a: { b: { c: 1, d: 2 } } }, { a: { b: { c: 1 } } }, true],
    ["in lists item by item", { a: [{ n: 1, more: true }] }, { a: [{ n: 1 }] }, true],
    ["but not in longer lists", { a: [1, 2] }, { a: [1] }, false],
    ["but not in another order", { a: [2, 1] }, { a: [1, 2] }, false],
    ["when nothing is said of a field", { a: 1 }, { a: undefined }, true],
    ["but not as a text", { a: "1" }, { a: 1 }, false],
    ["but not as nothing", undefined, { a: 1 }, false],
    ["but not as null", { a: null }, { a: {} }, false],
    ["an empty list is a list", {}, { a: [] }, false],
  ])("%s", (_what, actual, wanted, expected) => {
    expect(holdsAll(actual, wanted)).toBe(expected);
  });

  test("every value holds itself, and itself without a field", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        expect(holdsAll(value, value)).toBe(true);
        const [field] = Object.keys(value);
        const { [field ?? ""]: _, ...rest } = value;
        expect(holdsAll(value, rest)).toBe(true);
      }),
    );
  });
});
