import fc from "fast-check";
import { expect, test } from "vitest";
import { ProxyFigures } from "./proxy-figures.ts";

const BOUNDS = [0.01, 0.1, 1];

test("requests are counted by class of status and code", () => {
  const figures = new ProxyFigures(BOUNDS);
  for (const status of [200, 204, 302, 404, 200]) figures.requestEnded(status, undefined, 1);
  figures.requestEnded(503, "H12", 30_000);
  figures.requestEnded(503, "H10", undefined);
  figures.requestEnded(503, undefined, 2);
  expect(figures.ended()).toEqual([
    { status: "2xx", code: "", count: 3 },
    { status: "3xx", code: "", count: 1 },
    { status: "4xx", code: "", count: 1 },
    { status: "5xx", code: "H12", count: 1 },
    { status: "5xx", code: "H10", count: 1 },
    { status: "5xx", code: "", count: 1 },
  ]);
});

test("times go to the first bucket that holds them, and those that reached no dyno to none", () => {
  const figures = new ProxyFigures(BOUNDS);
  for (const ms of [0, 10, 10.1, 100, 999, 1_000, 1_001]) figures.requestEnded(200, undefined, ms);
  figures.requestEnded(503, "H10", undefined);
  expect(figures.times()).toMatchObject({ buckets: [2, 2, 2], count: 7 });
  expect(figures.times().sum).toBeCloseTo(3.1201);
});

test("nothing is counted twice or lost", () => {
  const request = fc.record({ status: fc.integer({ min: 100, max: 599 }), ms: fc.option(fc.nat(5_000)) });
  fc.assert(
    fc.property(fc.array(request), (requests) => {
      const figures = new ProxyFigures(BOUNDS);
      for (const { status, ms } of requests) figures.requestEnded(status, undefined, ms ?? undefined);
      const total = figures.ended().reduce((sum, { count }) => sum + count, 0);
      const { buckets, count } = figures.times();
      const inBuckets = buckets.reduce((sum, one) => sum + one, 0);
      expect([total, count]).toEqual([requests.length, requests.filter(({ ms }) => ms !== null).length]);
      expect(inBuckets).toBe(requests.filter(({ ms }) => ms !== null && ms <= 1_000).length);
    }),
  );
});
