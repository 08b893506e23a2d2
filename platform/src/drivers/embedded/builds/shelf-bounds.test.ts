import fc from "fast-check";
import { expect, test } from "vitest";
import { planShelf, type ShelvedSize } from "./shelf-bounds.ts";

const one = (digest: string, bytes: number, usedAt: number, inUse = false): ShelvedSize => ({
  ...{ digest, bytes, usedAt, inUse },
});
const BOUNDS = { bytes: 100, unusedMs: 50 };

test.each<[string, ShelvedSize[], string[]]>([
  ["what fits stays", [one("a", 50, 60), one("b", 50, 70)], []],
  ["what was used longest ago goes first", [one("a", 50, 60), one("b", 40, 99), one("c", 40, 80)], ["a"]],
  ["what is not used for long goes though there is room", [one("a", 1, 49), one("b", 1, 50)], ["a"]],
  ["what is in use stays, whatever it takes", [one("a", 500, 1, true), one("b", 1, 99)], ["b"]],
])("%s", (_, all, removed) => {
  expect(planShelf(all, 100, BOUNDS)).toEqual(removed);
});

test("what is left fits, but for what is in use", () => {
  const size = fc.record({ bytes: fc.nat(60), usedAt: fc.nat(100), inUse: fc.boolean() });
  fc.assert(
    fc.property(fc.array(size), (sizes) => {
      const all = sizes.map((each, n) => ({ ...each, digest: String(n) }));
      const removed = new Set(planShelf(all, 100, BOUNDS));
      const left = all.filter(({ digest }) => !removed.has(digest));
      expect(all.filter(({ inUse }) => inUse).every(({ digest }) => !removed.has(digest))).toBe(true);
      const bytes = left.reduce((sum, each) => sum + each.bytes, 0);
      expect(bytes <= BOUNDS.bytes || left.every(({ inUse }) => inUse)).toBe(true);
    }),
  );
});
