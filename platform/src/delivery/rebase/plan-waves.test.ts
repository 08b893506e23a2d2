import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  orderApps,
  planWaves,
  readLimit,
  readWaves,
  showLimit,
  USUAL_LIMIT,
  USUAL_WAVES,
} from "./plan-waves.ts";

describe("waves", () => {
  test.each([
    [0, USUAL_WAVES, []],
    [1, USUAL_WAVES, [1]],
    [2, USUAL_WAVES, [1, 1]],
    [10, USUAL_WAVES, [1, 4, 5]],
    [100, USUAL_WAVES, [1, 9, 40, 50]],
    [1_000, USUAL_WAVES, [1, 9, 90, 400, 500]],
    [10_000, USUAL_WAVES, [1, 99, 900, 4_000, 5_000]],
    [10, "3", [3, 7]],
    [10, "100%", [10]],
    [10, "20, 5", [10]],
    [3, "0.1%,50%", [1, 1, 1]],
    [7, "5,3,6", [5, 1, 1]],
  ])("of %i apps by %s", (apps, text, wanted) => {
    expect(planWaves(apps, readWaves(text))).toEqual(wanted);
  });

  it("hold every app once, none is empty, and none goes beyond what was said", () => {
    const reach = fc.oneof(
      fc.record({ kind: fc.constant("count" as const), count: fc.integer({ min: 1, max: 500 }) }),
      fc.record({ kind: fc.constant("share" as const), percent: fc.integer({ min: 1, max: 100 }) }),
    );
    fc.assert(
      fc.property(fc.nat(2_000), fc.array(reach, { maxLength: 8 }), (apps, reaches) => {
        const waves = planWaves(apps, reaches);
        expect(waves.reduce((sum, size) => sum + size, 0)).toBe(apps);
        expect(waves.every((size) => size > 0)).toBe(true);
        const [first] = reaches;
        const most =
          first?.kind === "count" ? first.count : Math.ceil((apps * (first?.percent ?? 100)) / 100);
        if (waves[0] !== undefined) expect(waves[0]).toBeLessThanOrEqual(most);
      }),
    );
  });

  test.each(["", "0", "0%", "101%", "1,,2", "-1", "1.5", "half", "1e3", new Array(21).fill("1").join(",")])(
    "%j is refused",
    (text) => {
      expect(() => readWaves(text)).toThrow(/wave/);
    },
  );
});

describe("how many may fail", () => {
  test.each([
    ["0", { kind: "count", count: 0 }],
    ["3", { kind: "count", count: 3 }],
    ["0%", { kind: "share", percent: 0 }],
    ["2.5%", { kind: "share", percent: 2.5 }],
    [USUAL_LIMIT, { kind: "share", percent: 1 }],
  ] as const)("%s", (text, limit) => {
    expect(readLimit(text)).toEqual(limit);
    expect(showLimit(limit)).toBe(text);
  });

  test.each(["", "x", "1.5", "200%", "-1", "99999999"])("%j is refused", (text) => {
    expect(() => readLimit(text)).toThrow(/may fail/);
  });
});

describe("the order", () => {
  it("has apps with dynos first, each app once, and is the same each time", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.uuid()), fc.func(fc.boolean()), (apps, runs) => {
        const key = (id: string) => id.split("").reverse().join("");
        const ordered = orderApps(apps, runs, key);
        expect(ordered.toSorted()).toEqual(apps.toSorted());
        const flags = ordered.map((id) => runs(id));
        expect(flags.lastIndexOf(true)).toBeLessThan(
          flags.includes(false) ? flags.indexOf(false) + (flags.includes(true) ? 0 : 1) : flags.length,
        );
        expect(orderApps(apps.toReversed(), runs, key)).toEqual(ordered);
      }),
    );
  });
});
