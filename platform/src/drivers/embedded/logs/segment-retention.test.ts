import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AppSegments,
  countExpired,
  fairShare,
  planTidy,
  type SegmentFacts,
} from "./segment-retention.ts";

const now = 1_000_000;
const segment = (lines: number, bytes: number, age: number): SegmentFacts => ({
  lines,
  bytes,
  lastTime: now - age,
});
const limits = { bytes: 100, ageMs: 500, lines: 10 };

describe("what expires", () => {
  it.each([
    ["nothing of nothing", [], 0],
    ["never the one that is written", [segment(100, 1_000, 1_000)], 0],
    ["nothing within the limits", [segment(20, 50, 100), segment(20, 50, 0)], 0],
    ["what is beyond the bytes", [segment(20, 50, 100), segment(20, 50, 50), segment(20, 50, 0)], 1],
    ["what is too old", [segment(20, 5, 900), segment(20, 5, 600), segment(20, 5, 0)], 2],
    ["not the newest lines, however old", [segment(5, 5, 900), segment(6, 5, 800), segment(5, 5, 700)], 1],
    ["not the newest lines, however large", [segment(5, 500, 9), segment(5, 500, 8), segment(4, 500, 7)], 0],
    ["nothing while the written one's lines are unknown", [segment(9, 500, 900), segment(0, 500, 0)], 0],
  ])("is %s", (_, segments, expired) => {
    expect(countExpired(segments, limits, now)).toBe(expired);
  });

  it("leaves the newest lines, and removes only what has a reason", () => {
    const facts = fc.record({
      lines: fc.nat(20),
      bytes: fc.nat(60),
      lastTime: fc.integer({ min: 0, max: now }),
    });
    fc.assert(
      fc.property(fc.array(facts), (made) => {
        const segments = made.sort((a, b) => a.lastTime - b.lastTime);
        const expired = countExpired(segments, limits, now);
        const sum = (key: "lines" | "bytes", from: number) =>
          segments.slice(from).reduce((all, each) => all + each[key], 0);
        expect(sum("lines", expired)).toBeGreaterThanOrEqual(Math.min(sum("lines", 0), limits.lines));
        const last = segments[expired - 1];
        if (last)
          expect(now - last.lastTime > limits.ageMs || sum("bytes", expired - 1) > limits.bytes).toBe(true);
      }),
    );
  });
});

describe("the fair share", () => {
  it.each([
    [[], 100, 50, 50],
    [[10, 10], 100, 50, 50],
    [[10, 90, 90], 100, 50, 45],
    [[100, 100, 100, 100], 100, 50, 25],
    [[1, 1, 1_000], 100, 1_000, 98],
  ])("of %j in %i, at most %i, is %i", (used, total, most, share) => {
    expect(fairShare(used, total, most)).toBe(share);
  });

  it("fits into the total", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000)), fc.nat(10_000), fc.nat(1_000), (used, total, most) => {
        const share = fairShare(used, total, most);
        expect(share).toBeLessThanOrEqual(most);
        expect(used.reduce((sum, bytes) => sum + Math.min(bytes, share), 0)).toBeLessThanOrEqual(total);
      }),
    );
  });
});

describe("tidying", () => {
  const tidy = { retention: limits, totalBytes: 150, restingBytes: 20, restingMs: 300 };
  const app = (appId: string, ...segments: readonly [SegmentFacts, sealed: boolean][]): AppSegments => ({
    appId,
    segments: segments.map(([facts, sealed]) => ({ ...facts, sealed })),
  });

  it.each([
    ["leaves a calm app alone", app("a", [segment(20, 30, 100), true], [segment(20, 30, 0), false]), []],
    ["seals what rests", app("a", [segment(20, 30, 301), false]), [{ appId: "a", seal: true }]],
    ["leaves small ones plain", app("a", [segment(20, 19, 301), false]), []],
    ["leaves the written one plain", app("a", [segment(20, 30, 299), false]), []],
    [
      "seals what was left behind",
      app("a", [segment(20, 1, 0), false], [segment(1, 1, 0), false]),
      [{ appId: "a", seal: true }],
    ],
    [
      "removes what is old",
      app("a", [segment(20, 1, 600), true], [segment(20, 1, 0), false]),
      [{ appId: "a", seal: false, expireTo: 100 }],
    ],
  ])("%s", (_, given, steps) => {
    expect(planTidy([given], tidy, now)).toEqual(steps);
  });

  it("takes from the largest when all together are too large", () => {
    const small = app("small", [segment(20, 25, 10), true], [segment(20, 25, 0), false]);
    const large = app("large", [segment(20, 45, 10), true], [segment(20, 45, 0), false]);
    expect(planTidy([small, large], tidy, now)).toEqual([]);
    const steps = planTidy([small, large], { ...tidy, totalBytes: 110 }, now);
    expect(steps).toEqual([{ appId: "large", seal: false, expireTo: 60 }]);
  });
});
