import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { allowedFailures, NO_APPS, type PassStep, planPass, type WaveCounts } from "./plan-pass.ts";
import type { FailureLimit } from "./rebasing.ts";

const counts = (some: Partial<WaveCounts>): WaveCounts => ({ ...NO_APPS, ...some });
const NONE: FailureLimit = { kind: "count", count: 0 };
const ONE_PERCENT: FailureLimit = { kind: "share", percent: 1 };

interface Row {
  readonly name: string;
  readonly wave?: number;
  readonly limit?: FailureLimit;
  readonly forgiven?: number;
  readonly waves: readonly Partial<WaveCounts>[];
  readonly step: PassStep;
}

const rows: readonly Row[] = [
  {
    name: "begins with its first app",
    waves: [{ waiting: 1 }, { waiting: 9 }],
    step: { kind: "begin", count: 1 },
  },
  {
    name: "begins no more than may be under way",
    waves: [{ waiting: 50 }],
    step: { kind: "begin", count: 10 },
  },
  {
    name: "counts what is under way, also of waves before",
    wave: 1,
    waves: [{ watching: 2 }, { waiting: 50, due: 3, watching: 4 }],
    step: { kind: "begin", count: 1 },
  },
  { name: "waits while there is no room", waves: [{ waiting: 5, due: 10 }], step: { kind: "wait" } },
  {
    name: "waits for the last apps of a wave",
    waves: [{ done: 5, watching: 1 }, { waiting: 9 }],
    step: { kind: "wait" },
  },
  {
    name: "goes on to the next wave",
    waves: [{ done: 4, skipped: 1 }, { waiting: 9 }],
    step: { kind: "next-wave" },
  },
  {
    name: "ends after the last wave",
    wave: 1,
    waves: [{ done: 1 }, { done: 8, skipped: 1 }],
    step: { kind: "finish" },
  },
  { name: "ends when its apps are gone", waves: [{}], step: { kind: "finish" } },
  {
    name: "halts at the first failure when none is allowed",
    waves: [{ failed: 1 }, { waiting: 99 }],
    step: { kind: "halt", failed: 1, allowed: 0 },
  },
  {
    name: "halts while apps are under way",
    waves: [{ failed: 1, due: 3, watching: 5, waiting: 2 }],
    step: { kind: "halt", failed: 1, allowed: 0 },
  },
  {
    name: "bears the share that is allowed of the waves until now",
    ...{ wave: 1, limit: ONE_PERCENT },
    waves: [{ done: 1 }, { done: 98, failed: 1, waiting: 1 }],
    step: { kind: "begin", count: 1 },
  },
  {
    name: "halts above that share, whatever is still to come",
    ...{ wave: 1, limit: ONE_PERCENT },
    waves: [{ done: 1 }, { failed: 2, waiting: 97 }, { waiting: 9_900 }],
    step: { kind: "halt", failed: 2, allowed: 0 + Math.floor(100 / 100) },
  },
  {
    name: "does not count what was forgiven",
    ...{ forgiven: 1 },
    waves: [{ failed: 1, waiting: 2 }],
    step: { kind: "begin", count: 2 },
  },
];

describe("a pass", () => {
  test.each(rows)("$name", ({ wave = 0, limit = NONE, forgiven = 0, waves, step }) => {
    expect(planPass({ wave, limit, forgiven, atOnce: 10 }, waves.map(counts))).toEqual(step);
  });

  test.each([
    [NONE, 1_000, 0],
    [{ kind: "count", count: 7 }, 1, 7],
    [ONE_PERCENT, 99, 0],
    [ONE_PERCENT, 100, 1],
    [ONE_PERCENT, 10_000, 100],
    [{ kind: "share", percent: 100 }, 3, 3],
  ] as const)("with the limit %j may lose of %i apps %i", (limit, reached, allowed) => {
    expect(allowedFailures(limit, reached)).toBe(allowed);
  });

  it("comes to its end whatever its apps do, never has more under way than it may, and never skips a wave", () => {
    const outcome = fc.constantFrom("done" as const, "failed" as const, "skipped" as const);
    const world = fc.record({
      sizes: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 5 }),
      atOnce: fc.integer({ min: 1, max: 6 }),
      outcomes: fc.array(outcome, { minLength: 1, maxLength: 40 }),
      allowed: fc.nat(5),
    });
    fc.assert(
      fc.property(world, ({ sizes, atOnce, outcomes, allowed }) => {
        const waves = sizes.map((waiting) => ({ ...NO_APPS, waiting }));
        const pass = { wave: 0, limit: { kind: "count", count: allowed } as const, forgiven: 0, atOnce };
        let settled = 0;
        for (let steps = 0; ; steps++) {
          expect(steps).toBeLessThan(500);
          const step = planPass(pass, waves);
          const now = waves[pass.wave] ?? { ...NO_APPS };
          const failed = waves.reduce((sum, one) => sum + one.failed, 0);
          if (step.kind === "halt") {
            expect(failed).toBeGreaterThan(allowed);
            return;
          }
          expect(failed).toBeLessThanOrEqual(allowed);
          if (step.kind === "finish") {
            expect(waves.every(({ waiting, due, watching }) => waiting + due + watching === 0)).toBe(true);
            return;
          }
          if (step.kind === "next-wave") {
            expect(now.waiting + now.due + now.watching).toBe(0);
            pass.wave += 1;
          } else if (step.kind === "begin") {
            now.waiting -= step.count;
            now.due += step.count;
            expect(now.waiting).toBeGreaterThanOrEqual(0);
            expect(now.due + now.watching).toBeLessThanOrEqual(atOnce);
          } else {
            if (now.due > 0) [now.due, now.watching] = [now.due - 1, now.watching + 1];
            else {
              now.watching -= 1;
              now[outcomes[settled++ % outcomes.length] ?? "done"] += 1;
            }
          }
        }
      }),
    );
  });
});
