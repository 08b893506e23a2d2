import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DeliveryDefects } from "./delivery-engine-fixtures.ts";
import { describeDeliverySchedule, makeDeliverySchedule } from "./delivery-schedule-fixtures.ts";
import { shrinkDelivery } from "./play-deliveries-fixtures.ts";
import { type DeliveryStage, startDeliveryStage } from "./run-delivery-fixtures.ts";

/** Schedules take a fraction of a second each, and a busy machine takes several times as long. */
const LONG_MS = 240_000;

let stage: DeliveryStage;
beforeAll(async () => {
  stage = await startDeliveryStage();
});
afterAll(() => stage.stop());

test("a sample of schedules of builds and releases keeps every promise", { timeout: LONG_MS }, async () => {
  const failures: unknown[] = [];
  for (let seed = 0; seed < 25; seed++) {
    const failure = await stage.run(makeDeliverySchedule(seed));
    if (failure !== undefined) failures.push([seed, failure]);
  }
  expect(failures).toEqual([]);
});

describe("a planted defect is found, by the same seed each time, and shrunk", () => {
  test.each<[string, number, DeliveryDefects, RegExp]>([
    ["records that believe any claim", 18, { blindClaim: true }, /what was told to its end begins anew/],
    ["records that believe any claim", 96, { blindClaim: true }, /2 images of 1 builds/],
    ["outputs that believe any turn", 220, { blindTurns: true }, /what was told to its end begins anew/],
    ["branches that anybody moves", 572, { blindMoves: true }, /the branch is at \S*1, not at \S*3/],
  ])("%s, by seed %i", { timeout: LONG_MS }, async (_what, seed, defects, expected) => {
    const schedule = makeDeliverySchedule(seed);
    expect(await stage.run(schedule)).toBeUndefined();
    const failure = await stage.run(schedule, defects);
    expect(failure).toMatch(expected);
    expect(await stage.run(schedule, defects)).toBe(failure);
    const shrunk = await shrinkDelivery(schedule, failure ?? "", (less) => stage.run(less, defects));
    expect(shrunk.schedule.steps.length).toBeLessThanOrEqual(4);
    expect(await stage.run(shrunk.schedule)).toBeUndefined();
  });
});

test("a schedule is that of its seed, and is told in lines", () => {
  expect(makeDeliverySchedule(7)).toEqual(makeDeliverySchedule(7));
  const lines = describeDeliverySchedule(makeDeliverySchedule(7));
  expect(lines[0]).toMatch(/^seed 7, workers [12]$/);
  expect(lines[1]).toMatch(/^ {2}after {4}0 steps {2}push, outcome (?:good|bad|migrates|fails)$/);
  expect(lines).not.toEqual(describeDeliverySchedule(makeDeliverySchedule(8)));
  const all = Array.from({ length: 300 }, (_, seed) => makeDeliverySchedule(seed).steps);
  expect(new Set(all.flat().map((step) => step.do)).size).toBe(14);
});
