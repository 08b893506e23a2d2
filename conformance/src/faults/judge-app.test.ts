import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AppLedger,
  type AppState,
  acknowledge,
  adopt,
  intend,
  judgeApp,
  type SeenApp,
} from "./judge-app.ts";

const state: AppState = { config: { GREETING: "a" }, label: "one", quantities: { web: 1, worker: 0 } };
const good: SeenApp = {
  config: state.config,
  currentConfig: state.config,
  answer: { status: 200, label: "one", greeting: "a" },
  quantities: state.quantities,
  releases: [
    { id: "r1", version: 1, status: "succeeded", current: false },
    { id: "r2", version: 2, status: "succeeded", current: true },
  ],
  pendingBuilds: 0,
  dynos: [{ type: "web", state: "up", version: 2 }],
};
const ledger: AppLedger = { possible: [state], releases: { 1: "r1", 2: "r2" }, runsCommand: false };
const second = { id: "r2", version: 2, status: "succeeded", current: true };

describe("an app that is as it was acknowledged", () => {
  test("is well", () => {
    expect(judgeApp(good, ledger)).toEqual([]);
  });

  test("is well with what was found before", () => {
    expect(judgeApp(good, adopt({ ...ledger, possible: [] }, good))).toEqual([]);
  });
});

describe("an app that is not", () => {
  test.each<[string, Partial<SeenApp>, RegExp]>([
    [
      "lost a release",
      { releases: [{ ...second, version: 1, id: "r1" }] },
      /release v2 was there and is not/,
    ],
    [
      "has another release in its place",
      { releases: [{ ...second, version: 1 }, second] },
      /release v1 was there/,
    ],
    [
      "has a gap in its versions",
      { releases: [...good.releases.slice(0, 1), second, { ...second, version: 4, current: false }] },
      /before v4/,
    ],
    ["has a version twice", { releases: [...good.releases, { ...second, current: false }] }, /before v2/],
    [
      "has no current release",
      { releases: good.releases.map((one) => ({ ...one, current: false })) },
      /0 releases/,
    ],
    [
      "has two",
      { releases: good.releases.map((one) => ({ ...one, current: true })) },
      /2 releases are current/,
    ],
    [
      "stays with an old one",
      { releases: good.releases.map((one) => ({ ...one, current: !one.current })) },
      /v1 is current, and v2 succeeded/,
    ],
    [
      "waits for a release",
      { releases: [...good.releases, { id: "r3", version: 3, status: "pending", current: false }] },
      /release v3 is pending/,
    ],
    [
      "has a failed release without a command",
      { releases: [...good.releases, { id: "r3", version: 3, status: "failed", current: false }] },
      /release v3 failed/,
    ],
    ["waits for a build", { pendingBuilds: 2 }, /2 builds are pending/],
    ["does not answer", { answer: { status: 503 } }, /it answers 503/],
    [
      "runs with another config",
      { answer: { status: 200, label: "one", greeting: "b" } },
      /it greets with b/,
    ],
    ["lost its config", { config: {} }, /was acknowledged as/],
    ["runs other code", { answer: { status: 200, label: "two", greeting: "a" } }, /was acknowledged as/],
    ["is of another quantity", { quantities: { web: 2, worker: 0 } }, /was acknowledged as/],
    [
      "has a dyno that is not up",
      { dynos: [{ type: "web", state: "starting", version: 2 }] },
      /0 of 1 web dynos/,
    ],
    [
      "has a dyno of an old release",
      { dynos: [{ type: "web", state: "up", version: 1 }] },
      /0 of 1 web dynos/,
    ],
    [
      "has a dyno too many",
      { dynos: [...good.dynos, { type: "run", state: "up", version: 2 }] },
      /2 dynos are there, and 1 are wanted/,
    ],
  ])("%s", (_name, change, text) => {
    expect(judgeApp({ ...good, ...change }, ledger).join("\n")).toMatch(text);
  });
});

describe("a release that a command may fail", () => {
  const phased = { ...ledger, runsCommand: true };
  const releases = [...good.releases, { id: "r3", version: 3, status: "failed", current: false }];

  test("leaves the one before running, with the config of the newer", () => {
    const later = acknowledge(phased, (one) => ({ ...one, config: { GREETING: "b" } }));
    expect(judgeApp({ ...good, releases, config: { GREETING: "b" } }, later)).toEqual([]);
  });

  test("loses no config", () => {
    const later = acknowledge(phased, (one) => ({ ...one, config: { GREETING: "b" } }));
    expect(judgeApp({ ...good, releases }, later)).not.toEqual([]);
  });
});

describe("what may be", () => {
  const changes = fc.array(
    fc.record({ entry: fc.integer({ min: 0, max: 5 }), answered: fc.boolean(), done: fc.boolean() }),
    { minLength: 1, maxLength: 6 },
  );
  const seenWith = (config: Record<string, string>): SeenApp => ({ ...good, config, currentConfig: config });

  test("holds what was done, and never lacks what was acknowledged", () => {
    fc.assert(
      fc.property(changes, (list) => {
        let known = ledger;
        let config: Record<string, string> = { GREETING: "a" };
        let acknowledged: Record<string, string> = {};
        list.forEach(({ entry, answered, done }, i) => {
          const vars = { [`ENTRY_${entry}`]: String(i) };
          const change = (one: AppState) => ({ ...one, config: { ...one.config, ...vars } });
          known = answered ? acknowledge(known, change) : intend(known, change);
          if (answered || done) config = { ...config, ...vars };
          if (answered) acknowledged = vars;
        });
        expect(judgeApp(seenWith(config), known)).toEqual([]);
        const last = list.at(-1);
        if (!last?.answered) return;
        const without = Object.fromEntries(
          Object.entries(config).filter(([name]) => !(name in acknowledged)),
        );
        expect(judgeApp(seenWith(without), known)).not.toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
