import fc from "fast-check";
import { expect, test } from "vitest";
import { restartDelayMs } from "./restart-backoff.ts";

test.each([
  [1, 0],
  [2, 10_000],
  [3, 20_000],
  [4, 40_000],
  [8, 640_000],
  [13, 19_200_000],
  [1_000, 19_200_000],
])("crash %s in a row is followed by a start in %s ms", (crash, expected) => {
  expect(restartDelayMs(crash, 0.5)).toBe(expected);
});

test("the delay never shrinks with more crashes and stays within a tenth", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 40 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (crash, random) => {
        const delay = restartDelayMs(crash, random);
        const middle = restartDelayMs(crash, 0.5);
        expect(Math.abs(delay - middle)).toBeLessThanOrEqual(middle * 0.1 + 1);
        expect(restartDelayMs(crash + 1, 0.5)).toBeGreaterThanOrEqual(middle);
      },
    ),
  );
});
