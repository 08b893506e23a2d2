import { describe, expect, test } from "vitest";
import { isStillSeen } from "./formation-ledger.ts";
import type { RecordedDyno } from "./plan-formation.ts";

const dyno = (change: Partial<RecordedDyno> = {}): RecordedDyno => ({
  ...{ id: "d1", type: "web", index: 1, key: "k1", releaseId: "r1", duty: "serve" },
  ...{ retiring: false, warmUntil: null },
  ...change,
});

describe("a plan holds", () => {
  test.each<[string, readonly RecordedDyno[], readonly RecordedDyno[]]>([
    ["for an app without dynos", [], []],
    ["for the same dynos, read again", [dyno()], [dyno()]],
    ["for the same dynos in another order", [dyno(), dyno({ id: "d2" })], [dyno({ id: "d2" }), dyno()]],
    ["for equal times", [dyno({ warmUntil: new Date(5) })], [dyno({ warmUntil: new Date(5) })]],
  ])("%s", (_what, seen, now) => expect(isStillSeen(seen, now)).toBe(true));
});

describe("a plan is made anew when meanwhile", () => {
  test.each<[string, readonly RecordedDyno[], readonly RecordedDyno[]]>([
    ["another process has put the first dyno on record", [], [dyno()]],
    ["one has been added", [dyno()], [dyno(), dyno({ id: "d2" })]],
    ["one was stopped", [dyno()], []],
    ["one has taken another's place", [dyno()], [dyno({ id: "d2" })]],
    ["one serves that stood by", [dyno({ duty: "stand-by" })], [dyno()]],
    ["one was given another index", [dyno()], [dyno({ index: 2 })]],
    ["one serves for another release", [dyno()], [dyno({ releaseId: "r2" })]],
    ["a restart was asked for", [dyno()], [dyno({ retiring: true })]],
    ["one is kept warm for longer", [dyno({ warmUntil: new Date(5) })], [dyno({ warmUntil: new Date(6) })]],
  ])("%s", (_what, seen, now) => expect(isStillSeen(seen, now)).toBe(false));
});
