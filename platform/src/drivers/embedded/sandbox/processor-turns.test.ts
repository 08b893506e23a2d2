import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Competitor, fairLevel, nextTurns, type ProcessorLook, type Turn } from "./processor-turns.ts";

const NOBODY: ReadonlyMap<string, Turn> = new Map();
/** Names with what each uses; a share of 1 unless one is given. */
const competing = (...all: readonly (readonly [id: string, used: number, share?: number])[]): Competitor[] =>
  all.map(([id, used, share = 1]) => ({ id, used, share }));
const look = (competitors: readonly Competitor[], change: Partial<ProcessorLook> = {}): ProcessorLook => ({
  ...{ nowMs: 0, left: 0, isShort: true, competitors, others: 0, ...change },
});
const behind = (turns: ReadonlyMap<string, Turn>) =>
  [...turns].flatMap(([id, { isBehind }]) => (isBehind ? [id] : [])).sort();

describe("the level up to which whoever wants more may have", () => {
  test.each([
    ["is all there is for one alone", 0.5, competing(["a", 1.5]), 2],
    ["is the same for those who want the same", 0, competing(["a", 1], ["b", 1]), 1],
    ["leaves out what others do not want", 0, competing(["a", 0.1], ["b", 0.3], ["c", 1.6]), 1.6],
    ["counts many who want next to nothing for as little", 0.1, competing(["a", 0], ["b", 0], ["c", 0.9]), 1],
    ["goes by shares", 0, competing(["a", 1, 1], ["b", 2, 2], ["c", 1, 1]), 1],
    ["is nothing where nobody is", 2, [], 0],
  ])("%s", (_what, left, competitors, expected) => {
    expect(fairLevel({ left, competitors })).toBeCloseTo(expected, 6);
  });

  test("shares out exactly what there is, and the one that takes most has no less than it takes", () => {
    const one = fc.record({
      ...{ id: fc.uuid(), used: fc.double({ min: 0, max: 8, noNaN: true }) },
      share: fc.constantFrom(0.5, 1, 2, 8),
    });
    const all = fc.uniqueArray(one, { minLength: 1, maxLength: 30, selector: ({ id }) => id });
    fc.assert(
      fc.property(all, fc.double({ min: 0, max: 4, noNaN: true }), (competitors, left) => {
        const level = fairLevel({ left, competitors });
        const top = competitors.reduce((a, b) => (b.used / b.share >= a.used / a.share ? b : a));
        const given = competitors.map(({ used, share }, n) =>
          competitors[n] === top ? level * share : Math.min(used, level * share),
        );
        const there = competitors.reduce((sum, { used }) => sum + used, left);
        expect(given.reduce((sum, part) => sum + part, 0)).toBeCloseTo(there, 6);
      }),
    );
  });
});

describe("who comes after the others", () => {
  const WORST = competing(["spin", 0.8], ["fork", 0.7], ["web", 0.15], ["rest", 0.001]);

  test.each([
    ["those that take much", look(WORST), ["fork", "spin"]],
    ["nobody while there is time left", look(WORST, { isShort: false, left: 0.3 }), []],
    [
      "nobody for keeping one of many processors busy, when that is little of what it might have",
      look(competing(["busy", 1], ["others", 14.8])),
      ["others"],
    ],
    [
      "nobody where it is the machine's own work that takes all",
      look(competing(["web", 0.3]), { others: 1.7 }),
      [],
    ],
    [
      "a size that is promised more only when it takes more than that",
      look(competing(["large", 0.9, 8], ["small", 0.9])),
      ["small"],
    ],
  ])("%s", (_what, now, expected) => {
    expect(behind(nextTurns(NOBODY, now))).toEqual(expected);
  });

  /** Looks one after another, with the time of each. */
  function follow(...looks: readonly (readonly [atMs: number, ProcessorLook])[]): ReadonlyMap<string, Turn> {
    return looks.reduce((turns, [nowMs, now]) => nextTurns(turns, { ...now, nowMs }), NOBODY);
  }
  const BUSY = look(competing(["spin", 1.7], ["web", 0.2]));
  const CALM = look(competing(["spin", 0.1], ["web", 0.2]), { isShort: false, left: 1.7 });

  test("it stays for a term although it takes little then", () => {
    expect(behind(follow([0, BUSY], [4_999, CALM]))).toEqual(["spin"]);
    expect(behind(follow([0, BUSY], [5_000, CALM]))).toEqual([]);
  });

  test("it stays on while it takes much of what is left for such as it", () => {
    const starved = look(competing(["spin", 0.2], ["fork", 0.2], ["web", 1.5]));
    const both = look(competing(["spin", 0.9], ["fork", 0.9], ["web", 0.1]));
    expect(behind(follow([0, both], [60_000, starved]))).toEqual(expect.arrayContaining(["fork", "spin"]));
  });

  test("one that came there as it started is let back while the others go on", () => {
    const starting = look(competing(["spin", 0.9], ["new", 0.8], ["web", 0.1]));
    const started = look(competing(["spin", 1.6], ["new", 0.1], ["web", 0.1]));
    expect(behind(follow([0, starting], [5_000, started]))).toEqual(["spin"]);
  });

  test("each time it comes back soon, its term is twice as long, to a bound", () => {
    let turns: ReadonlyMap<string, Turn> = NOBODY;
    let nowMs = 0;
    const terms = Array.from({ length: 8 }, () => {
      turns = nextTurns(turns, { ...BUSY, nowMs });
      const { untilMs = 0, termMs } = turns.get("spin") ?? {};
      nowMs = untilMs;
      turns = nextTurns(turns, { ...CALM, nowMs });
      return termMs;
    });
    expect(terms).toEqual([5, 10, 20, 40, 80, 160, 320, 320].map((seconds) => seconds * 1_000));
  });

  test("that is forgotten after five quiet minutes, and of who is gone", () => {
    const quiet = [0, 5_000].map((atMs, n) => [atMs, n === 0 ? BUSY : CALM] as const);
    expect(follow(...quiet, [304_999, CALM]).has("spin")).toBe(true);
    expect(follow(...quiet, [305_000, CALM]).has("spin")).toBe(false);
    expect(follow(...quiet, [6_000, look(competing(["web", 1]))]).has("spin")).toBe(false);
  });
});
