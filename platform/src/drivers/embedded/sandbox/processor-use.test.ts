import { expect, test } from "vitest";
import { addUse, averageUse, beginUse } from "./processor-use.ts";

/** Each part as long as it says, with the processors that were busy in it. */
function after(...parts: readonly (readonly [ms: number, processors: number])[]): number {
  let [atMs, micros] = [1_000, 0];
  const use = parts.reduce((before, [ms, processors]) => {
    atMs += ms;
    micros += ms * 1_000 * processors;
    return addUse(before, atMs, micros);
  }, beginUse(1_000));
  return averageUse(use);
}

test.each([
  ["nothing is known of what began just now", [], 0],
  ["what is young is known by its whole life", [[100, 1.5]], 1.5],
  ["what goes on as ever has that average", Array.from({ length: 50 }, () => [100, 0.4] as const), 0.4],
  [
    "half of what counts is of the last 700 ms",
    [
      [10_000_000, 0],
      [700, 1],
    ],
    0.5,
  ],
  [
    "a short burst of what is old is little",
    [
      [10_000, 0],
      [100, 1],
    ],
    0.1,
  ],
  [
    "a second look at the same moment changes nothing",
    [
      [100, 1],
      [0, 5],
    ],
    1,
  ],
] as const)("%s", (_what, parts, expected) => {
  expect(after(...parts)).toBeCloseTo(expected, 1);
});

test("a count that went back, as when its group is gone, is no use at all", () => {
  const use = addUse(addUse(beginUse(0), 100, 50_000), 200, 0);
  expect(averageUse(use)).toBeGreaterThan(0);
  expect(averageUse(addUse(use, 300, 10_000))).toBeLessThan(0.5);
});
