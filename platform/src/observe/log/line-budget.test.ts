import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeLineBudget } from "./line-budget.ts";

const rates = { linesPerSecond: 100, burst: 10 };

describe("line budget", () => {
  it("lets a burst pass, then the rate", () => {
    const budget = makeLineBudget(rates, 0);
    const taken = (nowMs: number) =>
      Array.from({ length: 20 }, () => budget.spend(10, nowMs)).filter(Boolean).length;
    expect(taken(0)).toBe(10);
    expect(budget.hasRoom(0)).toBe(false);
    expect(taken(50)).toBe(5);
    expect(taken(60)).toBe(1);
    expect(budget.isFull(60)).toBe(false);
    expect(budget.isFull(160)).toBe(true);
    expect(taken(100_000)).toBe(10);
  });

  it.each([
    [0, 1],
    [1_023, 1],
    [1_024, 2],
    [9_999, 10],
  ])("charges %i bytes as %i lines", (bytes, lines) => {
    const budget = makeLineBudget(rates, 0);
    expect(budget.spend(bytes, 0)).toBe(true);
    expect(Array.from({ length: 20 }, () => budget.spend(0, 0)).filter(Boolean).length).toBe(10 - lines);
  });

  it("never gives more than burst and rate allow, wherever the clock jumps", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 100 })), (steps) => {
        const budget = makeLineBudget(rates, 1_000);
        let now = 1_000;
        let forward = 0;
        let taken = 0;
        for (const step of steps) {
          now += step;
          forward += Math.max(0, step);
          while (budget.spend(0, now)) taken++;
        }
        expect(taken).toBeLessThanOrEqual(10 + (forward * 100) / 1_000);
      }),
    );
  });
});
