import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { type AppSight, type DynoSight, judgeAfter, judgeBefore } from "./judge-health.ts";

const START = new Date("2026-01-01T00:00:00Z");
const at = (seconds: number) => new Date(START.getTime() + seconds * 1_000);

let count = 0;
const dyno = (state: DynoSight["state"], since = 0, why?: string): DynoSight => ({
  name: `web.${++count}`,
  ...{ state, since: at(since) },
  ...(why === undefined ? {} : { why }),
});
const sight = (wanted: number, ...dynos: readonly DynoSight[]): AppSight => ({ wanted, dynos });

describe("before", () => {
  test.each([
    ["all up", sight(2, dyno("up"), dyno("up")), "well"],
    ["one that starts", sight(2, dyno("up"), dyno("starting")), "unsure"],
    ["one that is not there yet", sight(2, dyno("up")), "unsure"],
    ["one that crashed", sight(2, dyno("up"), dyno("crashed")), "unwell"],
    ["more than wanted", sight(1, dyno("up"), dyno("starting")), "well"],
  ] as const)("%s", (_name, seen, wanted) => {
    expect(judgeBefore(seen)).toBe(wanted);
  });
});

describe("after", () => {
  const judge = (seen: AppSight, now: number, settleMs = 60_000) =>
    judgeAfter(seen, { now: at(now), releasedAt: START, settleMs });

  test.each([
    ["no dyno yet", sight(1), 1, "unsure"],
    ["one that starts", sight(1, dyno("starting")), 10, "unsure"],
    ["one that has just come up", sight(1, dyno("up", 10)), 11, "unsure"],
    ["one that has been up for long enough", sight(1, dyno("up", 10)), 70, "well"],
    ["two of which one came later", sight(2, dyno("up", 10), dyno("up", 40)), 99, "unsure"],
    ["two that have both been up", sight(2, dyno("up", 10), dyno("up", 40)), 100, "well"],
    ["one that was up before the release", sight(1, dyno("up", -500)), 59, "unsure"],
    ["one that crashed", sight(1, dyno("crashed", 3)), 4, "failed"],
    ["one that crashed beside one that is up", sight(2, dyno("up"), dyno("crashed")), 99, "failed"],
    ["one that never came up", sight(1, dyno("starting")), 240, "failed"],
    ["one that comes up again and again", sight(1, dyno("up", 230)), 240, "failed"],
    ["many, one at a time, that are still coming", sight(10, dyno("up", 500)), 600, "unsure"],
  ] as const)("%s", (_name, seen, now, wanted) => {
    expect(judge(seen, now).kind).toBe(wanted);
  });

  test.each([
    [
      sight(1, { ...dyno("crashed", 3, "ended with status 1 (H10)"), name: "web.2" }),
      4,
      "web.2 ended with status 1 (H10)",
    ],
    [sight(1, { ...dyno("crashed"), name: "worker.1" }), 4, "worker.1 crashed"],
    [sight(2, dyno("up")), 900, "of 2 dynos 1 is up in 300 s"],
    [sight(1, dyno("starting")), 900, "of 1 dynos 0 are up in 240 s"],
    [sight(1, dyno("up", 895)), 900, "did not stay up in 240 s"],
  ])("says why", (seen, now, why) => {
    expect(judge(seen, now)).toEqual({ kind: "failed", why });
  });

  it("without a time to stay up is well as soon as all are", () => {
    expect(judge(sight(1, dyno("up", 5)), 5, 0)).toEqual({ kind: "well" });
  });

  it("is decided in the end, and looked at again soon until then", () => {
    const one = fc.record({
      name: fc.constant("web.1"),
      state: fc.constantFrom("starting" as const, "up" as const),
      since: fc.integer({ min: 0, max: 400 }).map(at),
    });
    fc.assert(
      fc.property(
        fc.array(one, { maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(2_000),
        (dynos, wanted, now) => {
          const verdict = judge({ wanted, dynos }, now);
          if (verdict.kind === "unsure") {
            expect(verdict.ms).toBeGreaterThan(0);
            expect(verdict.ms).toBeLessThanOrEqual(5_000);
          }
          if (now > 180 + 60 * wanted) expect(verdict.kind).not.toBe("unsure");
          if (verdict.kind === "well")
            expect(dynos.filter(({ state }) => state === "up").length).toBeGreaterThanOrEqual(wanted);
        },
      ),
    );
  });
});
