import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type CollectedManifest,
  type CollectionPlan,
  type CollectionRules,
  OutOfReach,
  planRepository,
  type RepositoryFacts,
} from "./plan-collection.ts";

const OLD = 10;
const NEW = 200;
const CUT = 100;

interface Told {
  readonly tagged?: readonly string[];
  readonly manifests?: Readonly<Record<string, Partial<CollectedManifest>>>;
  readonly blobs?: Readonly<Record<string, number>>;
}

function facts({ tagged = [], manifests = {}, blobs = {} }: Told): RepositoryFacts {
  const complete = (one: Partial<CollectedManifest>) => ({ names: [], touchedMs: OLD, ...one });
  return {
    tagged: new Set(tagged),
    manifests: new Map(Object.entries(manifests).map(([digest, one]) => [digest, complete(one)])),
    blobs: new Map(Object.entries(blobs)),
  };
}

function plan(told: Told, more: Partial<CollectionRules> = {}): CollectionPlan {
  return planRepository(facts(told), {
    ...{ known: () => false, keepsAll: false, cutMs: CUT, due: () => true },
    ...more,
  });
}

const image = { m: { names: ["c", "l"] } };
const blobs = { c: OLD, l: OLD, stray: OLD };

describe("a repository loses", () => {
  test.each<[string, Told, Partial<CollectionRules>, readonly string[], readonly string[]]>([
    ["nothing of a tagged image", { tagged: ["m"], manifests: image, blobs }, {}, [], ["stray"]],
    ["nothing of a known image", { manifests: image, blobs }, { known: (d) => d === "m" }, [], ["stray"]],
    ["an image that nothing reaches", { manifests: image, blobs }, {}, ["m"], ["c", "l", "stray"]],
    ["nothing that is new", { manifests: { m: { ...image.m, touchedMs: NEW } }, blobs }, {}, [], ["stray"]],
    ["what is as old as the cut less one", { blobs: { a: CUT, b: CUT - 1 } }, {}, [], ["b"]],
    ["no new blob", { blobs: { stray: NEW } }, {}, [], []],
    ["nothing of the platform's", { manifests: image, blobs }, { keepsAll: true }, [], []],
    [
      "nothing before its time, and that stays whole",
      { manifests: image, blobs },
      { due: (d) => d !== "m" },
      [],
      ["stray"],
    ],
    [
      "nothing of an index's images",
      { tagged: ["i"], manifests: { i: { names: ["m"] }, ...image }, blobs },
      {},
      [],
      ["stray"],
    ],
    [
      "no referrer of what it keeps, nor the referrer's referrer",
      {
        tagged: ["m"],
        manifests: { ...image, sbom: { names: ["s"], subject: "m" }, signature: { subject: "sbom" } },
        blobs: { ...blobs, s: OLD },
      },
      {},
      [],
      ["stray"],
    ],
    [
      "referrers of what it does not keep, and of what was never there",
      { manifests: { ...image, sbom: { subject: "m" }, lost: { subject: "never" } } },
      {},
      ["m", "sbom", "lost"],
      [],
    ],
    [
      "not the subject of what it keeps only for being a subject",
      { tagged: ["s"], manifests: { ...image, s: { subject: "m" } } },
      {},
      ["m"],
      [],
    ],
    ["nothing for a tag that names nothing", { tagged: ["gone"], blobs: { gone: OLD } }, {}, [], ["gone"]],
    [
      "what names itself in a ring",
      { manifests: { a: { names: ["b"] }, b: { names: ["a"] } } },
      {},
      ["a", "b"],
      [],
    ],
  ])("%s", (_what, told, more, manifests, lost) => {
    const planned = plan(told, more);
    expect([planned.manifests, planned.blobs]).toEqual([manifests, lost]);
  });
});

const DIGESTS = Array.from("abcdefgh");
const digest = fc.constantFrom(...DIGESTS);
const touched = fc.constantFrom(OLD, CUT - 1, CUT, NEW);
const someFacts = fc.record({
  tagged: fc.array(digest, { maxLength: 2 }),
  manifests: fc.dictionary(
    digest,
    fc.record(
      { names: fc.array(digest, { maxLength: 3 }), subject: digest, touchedMs: touched },
      { requiredKeys: ["names", "touchedMs"] },
    ),
  ),
  blobs: fc.dictionary(digest, touched),
});
const someRules = fc.record({ known: fc.array(digest, { maxLength: 2 }), due: fc.array(digest) });

describe("whatever a repository holds", () => {
  test("what is lost is kept by nothing, is old, and its time of grace is over", () => {
    fc.assert(
      fc.property(someFacts, someRules, (told, { known, due }) => {
        const rules = { known: (d: string) => known.includes(d), due: (d: string) => due.includes(d) };
        const { manifests, blobs: lost, kept } = plan(told, rules);
        for (const one of manifests) {
          expect(kept.has(one) || told.tagged.includes(one) || known.includes(one)).toBe(false);
          expect(told.manifests[one]?.touchedMs).toBeLessThan(CUT);
          expect(due).toContain(one);
        }
        for (const one of lost) {
          expect(kept.has(one)).toBe(false);
          expect(told.blobs[one]).toBeLessThan(CUT);
          expect(due).toContain(one);
        }
      }),
    );
  });

  test("what stays is whole: all that it names stays, and so do its referrers", () => {
    fc.assert(
      fc.property(someFacts, someRules, (told, { known, due }) => {
        const rules = { known: (d: string) => known.includes(d), due: (d: string) => due.includes(d) };
        const { manifests, kept } = plan(told, rules);
        const held = Object.entries(told.manifests).filter(([one]) => !manifests.includes(one));
        for (const [one, { names = [] }] of held) {
          expect([one, ...names].filter((part) => !kept.has(part))).toEqual([]);
          const about = Object.entries(told.manifests).filter(([, { subject }]) => subject === one);
          for (const [referrer] of about) expect(kept.has(referrer)).toBe(true);
        }
      }),
    );
  });

  test("nothing is left that nothing keeps: a second plan after the first loses nothing more", () => {
    fc.assert(
      fc.property(someFacts, (told) => {
        const first = plan(told);
        const without = <T>(all: Readonly<Record<string, T>>, lost: readonly string[]) =>
          Object.fromEntries(Object.entries(all).filter(([one]) => !lost.includes(one)));
        const left = {
          ...{ tagged: told.tagged, manifests: without(told.manifests, first.manifests) },
          blobs: without(told.blobs, first.blobs),
        };
        const second = plan(left);
        expect([second.manifests, second.blobs]).toEqual([[], []]);
      }),
    );
  });
});

describe("what is out of reach", () => {
  test("is due once it has been so for the time of grace, in every sweep", () => {
    const first = new OutOfReach(new Map(), 1_000, 900);
    expect(first.due("a")).toBe(false);
    const second = new OutOfReach(first.after(), 1_050, 950);
    expect([second.due("a"), second.due("b")]).toEqual([false, false]);
    const third = new OutOfReach(second.after(), 1_100, 1_000);
    expect([third.due("a"), third.due("b")]).toEqual([true, false]);
    third.forget("a");
    expect([...third.after()]).toEqual([["b", 1_050]]);
  });

  test("begins anew when it was within reach in between", () => {
    const first = new OutOfReach(new Map([["a", 10]]), 1_000, 900);
    expect([...first.after()]).toEqual([]);
    expect(new OutOfReach(first.after(), 2_000, 1_900).due("a")).toBe(false);
  });

  test("by a clock that was ahead is so from now on", () => {
    const sweep = new OutOfReach(new Map([["a", 5_000]]), 1_000, 900);
    expect([sweep.due("a"), sweep.after().get("a")]).toEqual([false, 1_000]);
  });
});
