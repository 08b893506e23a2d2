import fc from "fast-check";
import { expect, test } from "vitest";
import { apiTime, systemClock } from "./clock.ts";

test.each([
  ["2026-11-21T04:32:07.999Z", "2026-11-21T04:32:07Z"],
  ["2026-11-21T04:32:07+02:00", "2026-11-21T02:32:07Z"],
  ["1999-12-31T23:59:59.001Z", "1999-12-31T23:59:59Z"],
])("%s is shown as %s", (time, wanted) => {
  expect(apiTime(new Date(time))).toBe(wanted);
});

test("any time is shown in one form, cut to the second", () => {
  const time = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z") });
  fc.assert(
    fc.property(time, (date) => {
      expect(apiTime(date)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(Date.parse(apiTime(date))).toBe(Math.floor(date.getTime() / 1_000) * 1_000);
    }),
  );
});

test("the system's clock goes", () => {
  expect(Math.abs(systemClock().getTime() - Date.now())).toBeLessThan(1_000);
});
