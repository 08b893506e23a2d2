import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FAULTS, OPERATIONS, planFaults, planPoint, pointTitle, ROUND } from "./plan-faults.ts";

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const pair = ({ operation, fault }: { operation: string; fault: string }) => `${operation} / ${fault}`;

describe("a schedule of faults", () => {
  test("is the same for the same seed, from wherever it is begun", () => {
    fc.assert(
      fc.property(seeds, fc.nat(600), fc.integer({ min: 1, max: 30 }), (seed, from, points) => {
        const whole = planFaults(seed, 0, from + points);
        expect(planFaults(seed, from, points)).toEqual(whole.slice(from));
      }),
      { numRuns: 25 },
    );
  });

  test("meets every operation with every fault in each round of points", () => {
    fc.assert(
      fc.property(seeds, fc.nat(5), (seed, round) => {
        const pairs = planFaults(seed, round * ROUND, ROUND).map(pair);
        expect(new Set(pairs).size).toBe(OPERATIONS.length * Object.keys(FAULTS).length);
      }),
      { numRuns: 25 },
    );
  });

  test("has every operation and every fault among any few points of a round", () => {
    fc.assert(
      fc.property(seeds, fc.nat(ROUND - 11), (seed, from) => {
        const few = planFaults(seed, from, 11);
        expect(new Set(few.map(({ fault }) => fault)).size).toBe(Object.keys(FAULTS).length);
        expect(new Set(few.map(({ operation }) => operation)).size).toBe(OPERATIONS.length);
      }),
      { numRuns: 25 },
    );
  });

  test("befalls only whom a fault can befall, and everyone in 500 points", () => {
    const points = planFaults(1, 0, 500);
    for (const { fault, target } of points) expect(FAULTS[fault]).toContain(target);
    const wanted = Object.entries(FAULTS).flatMap(([fault, targets]) =>
      targets.map((one) => `${fault} ${one}`),
    );
    expect(new Set(points.map(({ fault, target }) => `${fault} ${target}`))).toEqual(new Set(wanted));
  });

  test("differs from seed to seed, and from round to round", () => {
    const order = (seed: number, from: number) => planFaults(seed, from, ROUND).map(pair).join();
    expect(order(1, 0)).not.toBe(order(2, 0));
    expect(order(1, 0)).not.toBe(order(1, ROUND));
  });

  test("keeps lengths and choices within bounds", () => {
    for (const { lastsMs, choice } of planFaults(7, 0, 500)) {
      expect(lastsMs).toBeGreaterThanOrEqual(500);
      expect(lastsMs).toBeLessThanOrEqual(3_000);
      expect(choice).toBeGreaterThanOrEqual(0);
      expect(choice).toBeLessThan(1);
    }
  });
});

describe("the title of a point", () => {
  const point = {
    ...planPoint(1, 4),
    operation: "push",
    fault: "kill -9",
    target: "host",
  } as const;

  test.each([
    [-200, "4: kill -9 of host, before push"],
    [0, "4: kill -9 of host, 0 ms into push"],
    [900, "4: kill -9 of host, 900 ms into push"],
  ])("tells the moment %d", (afterMs, title) => {
    expect(pointTitle({ ...point, afterMs })).toBe(title);
  });
});
