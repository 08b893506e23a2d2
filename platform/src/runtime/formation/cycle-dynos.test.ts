import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DynoState } from "../dyno/index.ts";
import { type CyclingRecord, cycleAt, makeCyclingPace, planCycling } from "./cycle-dynos.ts";

const BORN = new Date("2026-01-01T00:00:00Z");
const HOUR = 3_600_000;
const after = (hours: number) => new Date(BORN.getTime() + hours * HOUR);
const FIRST = "00000000-0000-4000-8000-000000000000";
const LAST = "00000000-0000-4000-8000-0000ffffffff";

function record(change: Partial<CyclingRecord> = {}): CyclingRecord {
  return { id: FIRST, type: "web", index: 1, duty: "serve", retiring: false, createdAt: BORN, ...change };
}

function plan(dynos: readonly CyclingRecord[], now: Date, state: DynoState = { kind: "up" }) {
  return planCycling(dynos, new Map(dynos.map(({ id }) => [id, state])), now);
}

describe("a dyno's time", () => {
  test.each([
    [FIRST, 24],
    [LAST, 24 + 216 / 60],
  ])("of %s is over after %d hours", (id, hours) => {
    expect(cycleAt({ id, createdAt: BORN })).toEqual(after(hours));
  });

  test("is over after a day and at most 216 minutes, and always the same", () => {
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.date({ noInvalidDate: true, max: new Date("2200-01-01") }),
        (id, createdAt) => {
          const age = cycleAt({ id, createdAt }).getTime() - createdAt.getTime();
          expect(age).toBeGreaterThanOrEqual(24 * HOUR);
          expect(age).toBeLessThanOrEqual(24 * HOUR + 216 * 60_000);
          expect(cycleAt({ id, createdAt })).toEqual(cycleAt({ id, createdAt }));
        },
      ),
    );
  });
});

describe("of an app's dynos", () => {
  test.each<[string, readonly CyclingRecord[], number, object]>([
    ["none is due", [record()], 10, {}],
    ["one is due soon", [record()], 23.5, { lookAt: after(24) }],
    ["one is due", [record()], 24, { due: record() }],
    ["one has been due for long", [record()], 240, { due: record() }],
    ["the one that is due first", [record({ id: LAST }), record()], 30, { due: record() }],
    ["one is being replaced", [record({ retiring: true }), record({ id: LAST })], 30, {}],
    ["one stands by", [record({ duty: "stand-by" }), record({ id: LAST })], 30, {}],
    ["a warm one is nobody's", [record({ duty: "warm" })], 30, {}],
    ["a worker is due", [record({ type: "worker", duty: "work" })], 30, { due: { type: "worker" } }],
  ])("%s", (_what, dynos, hours, expected) => {
    const found = plan(dynos, after(hours));
    expect(found).toMatchObject(expected);
    expect(Object.keys(found)).toEqual(Object.keys(expected));
  });

  test.each<DynoState>([
    { kind: "starting" },
    { kind: "crashed", reason: "exit" },
    { kind: "stopping" },
    { kind: "idle" },
  ])("one that is $kind is left alone", (state) => {
    expect(plan([record()], after(30), state)).toEqual({});
  });

  test("one that is not seen is left alone", () => {
    expect(planCycling([record()], new Map(), after(30))).toEqual({});
  });
});

describe("the pace", () => {
  test("lets one go every ten seconds", () => {
    const pace = makeCyclingPace();
    expect(pace(BORN)).toBeUndefined();
    expect(pace(BORN)).toEqual(new Date(BORN.getTime() + 10_000));
    expect(pace(new Date(BORN.getTime() + 9_999))).toEqual(new Date(BORN.getTime() + 10_000));
    expect(pace(new Date(BORN.getTime() + 10_000))).toBeUndefined();
  });

  test("is not held up by a clock that was set back", () => {
    const pace = makeCyclingPace();
    pace(after(1));
    expect(pace(BORN)).toBeUndefined();
  });
});
