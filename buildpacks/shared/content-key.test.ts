import fc from "fast-check";
import { expect, it } from "vitest";
import { contentKey } from "./content-key.ts";

it("is the same for the same parts", () => {
  expect(contentKey("a", "b")).toBe(contentKey("a", "b"));
  expect(contentKey("a", Buffer.from("b"))).toBe(contentKey("a", "b"));
  expect(contentKey()).toMatch(/^[0-9a-f]{64}$/);
});

it.each([
  [["ab"], ["a", "b"]],
  [["a", ""], ["a"]],
  [
    ["a", "b"],
    ["b", "a"],
  ],
  [["1:a"], ["a"]],
])("differs for %j and %j", (one, other) => {
  expect(contentKey(...one)).not.toBe(contentKey(...other));
});

it("differs for any other parts", () => {
  const parts = fc.array(fc.string(), { maxLength: 4 });
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      expect(contentKey(...one) === contentKey(...other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
  );
});
