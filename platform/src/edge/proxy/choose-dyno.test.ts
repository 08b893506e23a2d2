import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appRoute } from "../route/route-fixtures.ts";
import { type Candidate, chooseDyno, refuseAdmission } from "./choose-dyno.ts";

interface Fake extends Candidate {
  readonly name: string;
}

const dyno = (name: string, quarantinedUntil = 0): Fake => ({ name, quarantinedUntil });
const [a, b, c] = [dyno("a"), dyno("b"), dyno("c")] as const;
const resting = dyno("q", 500);
const restingLonger = dyno("r", 900);

function choose(
  app: { known?: boolean; up?: Fake[]; starting?: number; crashed?: number; idle?: number },
  failed: Fake[] = [],
  lastFailure: "refused" | "timeout" = "refused",
  random = 0,
) {
  return chooseDyno(
    { known: true, up: [], starting: 0, crashed: 0, idle: 0, ...app },
    { failed: new Set(failed), lastFailure },
    { now: 100, random: () => random, limits: { connectAttempts: 3 } },
  );
}

const bootWait = { kind: "wait", for: "boot", until: Number.POSITIVE_INFINITY };

describe("choosing a dyno", () => {
  it.each([
    ["the only one", choose({ up: [a] }), { kind: "send", dyno: a }],
    ["the first of two", choose({ up: [a, b] }, [], "refused", 0.49), { kind: "send", dyno: a }],
    ["the second of two", choose({ up: [a, b] }, [], "refused", 0.5), { kind: "send", dyno: b }],
    ["the last", choose({ up: [a, b, c] }, [], "refused", 0.999), { kind: "send", dyno: c }],
    ["none in quarantine", choose({ up: [resting, b] }), { kind: "send", dyno: b }],
    [
      "one whose quarantine is over",
      choose({ up: [dyno("z", 100)] }),
      { kind: "send", dyno: dyno("z", 100) },
    ],
    ["none that failed", choose({ up: [a, b] }, [a]), { kind: "send", dyno: b }],
    ["up before starting", choose({ up: [a], starting: 3, crashed: 2 }), { kind: "send", dyno: a }],
  ])("takes %s", (_name, choice, expected) => expect(choice).toEqual(expected));

  it.each([
    ["nobody knows where dynos are", choose({ known: false, up: [a] }), bootWait],
    ["all are starting", choose({ starting: 1 }), bootWait],
    ["some crashed and one is starting", choose({ starting: 1, crashed: 4 }), bootWait],
    ["none is listed yet", choose({}), bootWait],
    ["it sleeps", choose({ idle: 2 }), { ...bootWait, for: "wake" }],
    [
      "it sleeps, and something of it has crashed",
      choose({ idle: 1, crashed: 1 }),
      { ...bootWait, for: "wake" },
    ],
    ["it wakes", choose({ idle: 1, starting: 1 }), bootWait],
    [
      "all are in quarantine",
      choose({ up: [restingLonger, resting] }),
      { kind: "wait", for: "quarantine", until: 500 },
    ],
    [
      "one failed and the other is in quarantine",
      choose({ up: [a, resting] }, [a]),
      { kind: "wait", for: "quarantine", until: 500 },
    ],
    ["the one that failed is gone and another starts", choose({ starting: 1 }, [a]), bootWait],
  ])("waits while %s", (_name, choice, expected) => expect(choice).toEqual(expected));

  it.each([
    ["H10 when all have crashed", choose({ crashed: 2 }), "H10"],
    ["H21 when each one refused", choose({ up: [a, b] }, [a, b], "refused"), "H21"],
    ["H19 when the last one was silent", choose({ up: [a, b] }, [a, b], "timeout"), "H19"],
    ["H21 after so many attempts", choose({ up: [resting] }, [a, b, c], "refused"), "H21"],
  ])("gives up with %s", (_name, choice, code) => expect(choice).toEqual({ kind: "fail", code }));

  it("never takes a dyno that failed or is in quarantine, and takes one while there is one", () => {
    const dynos = fc.array(fc.record({ name: fc.string(), quarantinedUntil: fc.nat(200) }), { maxLength: 6 });
    fc.assert(
      fc.property(
        dynos,
        fc.nat(),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (up, mask, r) => {
          const failed = up.filter((_, i) => mask & (1 << i)).slice(0, 2);
          const open = up.filter((each) => each.quarantinedUntil <= 100 && !failed.includes(each));
          const choice = choose({ up }, failed, "refused", r);
          expect(choice.kind === "send").toBe(open.length > 0);
          if (choice.kind === "send") expect(open).toContain(choice.dyno);
        },
      ),
    );
  });
});

describe("admission", () => {
  it.each([
    ["an ordinary request", {}, 0, undefined],
    ["maintenance, whatever else", { maintenance: true, released: false, webQuantity: 0 }, 0, "H80"],
    ["no release", { released: false }, 0, "H81"],
    ["no web dynos", { webQuantity: 0 }, 0, "H14"],
    ["the last place", { webQuantity: 2 }, 399, undefined],
    ["one too many", { webQuantity: 2 }, 400, "H11"],
  ])("of %s", (_name, parts, inFlight, expected) => {
    expect(refuseAdmission(appRoute("app", parts), inFlight, 200)).toBe(expected);
  });
});
