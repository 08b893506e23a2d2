import { expect, test } from "vitest";
import { linesAboveQuota } from "./memory-quota.ts";

const MIB = 2 ** 20;
const above = (usedMib: number) => [
  `Process running mem=${usedMib}M(${((usedMib / 512) * 100).toFixed(1)}%)`,
  "Error R14 (Memory quota exceeded)",
];

test.each([
  ["below the quota", 511, 0, undefined, []],
  ["at the quota", 512, 0, undefined, []],
  ["above it for the first time", 600, 0, undefined, above(600)],
  ["a moment later", 610, 19_999, 0, []],
  ["twenty seconds later", 700, 20_000, 0, above(700)],
  ["after the clock was set back", 700, 5_000, 60_000, above(700)],
  ["back below it", 100, 40_000, 20_000, []],
  ["above it again, within twenty seconds", 600, 25_000, 20_000, []],
])("%s", (_what, usedMib, nowMs, toldAtMs, lines) => {
  expect(linesAboveQuota({ usedBytes: usedMib * MIB, quotaBytes: 512 * MIB, nowMs, toldAtMs })).toEqual(
    lines,
  );
});

test("the words are Heroku's, with whole megabytes and a tenth of a percent", () => {
  const sample = { usedBytes: 1_028.4 * MIB, quotaBytes: 512 * MIB, nowMs: 0, toldAtMs: undefined };
  expect(linesAboveQuota(sample)[0]).toBe("Process running mem=1028M(200.9%)");
});
