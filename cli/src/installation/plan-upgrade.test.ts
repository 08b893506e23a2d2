import { expect, test } from "vitest";
import { compareVersions, planUpgrade } from "./plan-upgrade.ts";

test.each([
  ["1.0.0", undefined, undefined, "first"],
  ["1.0.0", "1.0.0", undefined, "again"],
  ["1.0.0", "1.0.0", "0.9.0", "again"],
  ["1.1.0", "1.0.0", undefined, "upgrade"],
  ["3.0.0", "1.0.0", "0.9.0", "upgrade"],
  ["0.9.0", "1.0.0", "0.9.0", "step back"],
  ["0.8.0", "1.0.0", "0.9.0", "refused"],
  ["0.9.5", "1.0.0", "0.9.0", "refused"],
  ["0.9.0", "1.0.0", undefined, "refused"],
])("%s where %s is installed, after %s: %s", (to, current, previous, kind) => {
  expect(planUpgrade(to, { current, previous }).kind).toBe(kind);
});

test("what is refused says what is possible", () => {
  expect(planUpgrade("0.8.0", { current: "1.0.0", previous: "0.9.0" })).toEqual({
    kind: "refused",
    why: "Version 1.0.0 is installed. From there you can go back to version 0.9.0, not to 0.8.0.",
  });
  expect(planUpgrade("0.8.0", { current: "1.0.0", previous: undefined })).toMatchObject({
    why: expect.stringContaining("no older version"),
  });
});

test.each([
  ["1.0.0", "1.0.0", 0],
  ["1.0", "1.0.0", 0],
  ["1.10.0", "1.9.0", 1],
  ["2.0.0", "10.0.0", -1],
  ["1.0.0-rc.1", "1.0.0", 0],
  ["1.0.1", "1.0.0-rc.1", 1],
])("%s against %s", (one, other, sign) => {
  expect(Math.sign(compareVersions(one, other))).toBe(sign);
  expect(Math.sign(compareVersions(other, one))).toBe(sign === 0 ? 0 : -sign);
});
