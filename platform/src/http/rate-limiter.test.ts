import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeRateLimiter } from "./rate-limiter.ts";

const HOUR_MS = 3_600_000;
const NOW = 1_800_000_000_000;

describe("a pool of calls", () => {
  test("is used up, and refills steadily", () => {
    const limiter = makeRateLimiter(60);
    for (let left = 59; left >= 0; left--)
      expect(limiter.take("a", NOW)).toEqual({ allowed: true, remaining: left });
    expect(limiter.take("a", NOW)).toEqual({ allowed: false, remaining: 0 });
    expect(limiter.take("a", NOW + 59_000).allowed).toBe(false);
    expect(limiter.take("a", NOW + 60_000)).toEqual({ allowed: true, remaining: 0 });
    expect(limiter.take("a", NOW + 60_000).allowed).toBe(false);
    expect(limiter.take("a", NOW + 60_000 + HOUR_MS)).toEqual({ allowed: true, remaining: 59 });
  });

  test("is each account's own", () => {
    const limiter = makeRateLimiter(1);
    expect(limiter.take("a", NOW).allowed).toBe(true);
    expect(limiter.take("b", NOW).allowed).toBe(true);
    expect(limiter.take("a", NOW).allowed).toBe(false);
  });

  test("can be looked at without taking", () => {
    const limiter = makeRateLimiter(2);
    expect(limiter.take("a", NOW, 0)).toEqual({ allowed: true, remaining: 2 });
    limiter.take("a", NOW);
    expect(limiter.take("a", NOW, 0)).toEqual({ allowed: true, remaining: 1 });
    expect(limiter.take("a", NOW, 0)).toEqual({ allowed: true, remaining: 1 });
  });

  test("of 4,500 refills by 75 a minute", () => {
    const limiter = makeRateLimiter(4_500);
    for (let i = 0; i < 4_500; i++) limiter.take("a", NOW);
    expect(limiter.take("a", NOW + 60_000, 0).remaining).toBe(75);
  });
});

const steps = fc.array(
  fc.record({ account: fc.constantFrom("a", "b", "c"), waitMs: fc.integer({ min: 0, max: HOUR_MS / 10 }) }),
  { maxLength: 200 },
);

test("never lets more through than the pool and its refill hold", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), steps, (size, calls) => {
      const limiter = makeRateLimiter(size);
      const allowed: Record<string, number> = {};
      let now = NOW;
      for (const { account, waitMs } of calls) {
        now += waitMs;
        const { allowed: yes, remaining } = limiter.take(account, now);
        if (yes) allowed[account] = (allowed[account] ?? 0) + 1;
        expect(remaining).toBeGreaterThanOrEqual(0);
        expect(remaining).toBeLessThan(size);
        const most = size + ((now - NOW) * size) / HOUR_MS;
        expect(allowed[account] ?? 0).toBeLessThanOrEqual(most + 1e-6);
      }
    }),
  );
});

test("a refused call costs nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 100 }), (size, tries) => {
      const limiter = makeRateLimiter(size);
      for (let i = 0; i < size + tries; i++) limiter.take("a", NOW);
      expect(limiter.take("a", NOW + Math.ceil(HOUR_MS / size)).allowed).toBe(true);
    }),
  );
});

test("an account can be given its full pool back", () => {
  const limiter = makeRateLimiter(1);
  limiter.take("a", NOW);
  limiter.forget("a");
  limiter.forget("nobody");
  expect(limiter.take("a", NOW).allowed).toBe(true);
});

test("only so many accounts are known; who has not called for longest is forgotten", () => {
  const limiter = makeRateLimiter(2, 2);
  limiter.take("a", NOW);
  limiter.take("b", NOW);
  limiter.take("a", NOW);
  limiter.take("c", NOW);
  expect(["a", "b", "c"].map((account) => limiter.take(account, NOW, 0).remaining)).toEqual([0, 2, 1]);
});
