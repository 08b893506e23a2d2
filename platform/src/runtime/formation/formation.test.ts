import { describe, expect, test } from "vitest";
import {
  applyUpdates,
  type DeclaredProcess,
  type FormationType,
  type FormationUpdate,
  formationDelta,
  MOST_DYNOS,
  quantityAfter,
  requireDynoSize,
} from "./formation.ts";

const row = (type: string, quantity = 1, parts: Partial<FormationType> = {}): FormationType => ({
  id: `id of ${type}`,
  appId: "a",
  type,
  quantity,
  size: "Standard-1X",
  command: `run ${type}`,
  createdAt: new Date(0),
  updatedAt: new Date(0),
  ...parts,
});

test.each([
  [2, 3, 3],
  [2, "3", 3],
  [2, 0, 0],
  [2, "+1", 3],
  [2, "-1", 1],
  [2, "-5", 0],
  [0, "-1", 0],
  [2, " 4 ", 4],
  [2, "+0", 2],
  [99, "+1", MOST_DYNOS],
])("%i changed by %j is %i", (before, wanted, after) => {
  expect(quantityAfter(before, wanted)).toBe(after);
});

test.each(["", "many", "1.5", 1.5, "--1", "+", "1e3", Number.NaN, 101, "+100", "99999999"])(
  "%j is no quantity",
  (wanted) => {
    expect(() => quantityAfter(1, wanted)).toThrow(expect.objectContaining({ id: "invalid_params" }));
  },
);

test("a size is found whatever its case, and one that is not there is told the ones that are", () => {
  expect(requireDynoSize("STANDARD-2x").name).toBe("Standard-2X");
  expect(() => requireDynoSize("huge")).toThrow(
    /There is no dyno size huge. Sizes are Eco, Basic, Standard-1X/,
  );
});

describe("updates", () => {
  const before = [row("web", 2), row("worker", 0)];
  const table: { name: string; updates: FormationUpdate[]; after: [string, number, string][] }[] = [
    { name: "a quantity", updates: [{ type: "web", quantity: 3 }], after: [["web", 3, "Standard-1X"]] },
    { name: "a size alone", updates: [{ type: "web", size: "basic" }], after: [["web", 2, "Basic"]] },
    {
      name: "both, of two types",
      updates: [
        { type: "worker", quantity: "+2", size: "dyno-2c-1gb" },
        { type: "web", quantity: null, size: null },
      ],
      after: [
        ["web", 2, "Standard-1X"],
        ["worker", 2, "dyno-2c-1gb"],
      ],
    },
    {
      name: "one type twice",
      updates: [
        { type: "web", quantity: "+1" },
        { type: "web", quantity: "+1" },
      ],
      after: [["web", 4, "Standard-1X"]],
    },
  ];
  test.each(table)("$name", ({ updates, after }) => {
    const changed = applyUpdates(before, updates);
    expect(changed.map(({ type, quantity, size }) => [type, quantity, size])).toEqual(after);
  });

  test.each([
    [
      [
        { type: "web", quantity: 1 },
        { type: "clock", quantity: 1 },
      ],
      /no process type clock. It has web, worker/,
    ],
    [[{ type: "web", quantity: 1000 }], /at most 100/],
    [[{ type: "web", size: "huge" }], /no dyno size huge/],
  ] satisfies [FormationUpdate[], RegExp][])("%j are refused", (updates, why) => {
    expect(() => applyUpdates(before, updates)).toThrow(why);
  });

  test("of an app without code say so", () => {
    expect(() => applyUpdates([], [{ type: "web", quantity: 1 }])).toThrow(/none before its first deploy/);
  });
});

describe("what a release changes in a formation", () => {
  const declare = (...types: string[]): DeclaredProcess[] =>
    types.map((type) => ({ type, command: `run ${type}` }));
  const added = (type: string, quantity: number, size = "Standard-1X") => ({
    type,
    command: `run ${type}`,
    quantity,
    size,
  });
  test.each([
    ["the first", [], declare("web", "worker"), { added: [added("web", 1), added("worker", 0)] }],
    ["a new type", [row("web", 3)], declare("web", "clock"), { added: [added("clock", 0)] }],
    [
      "a new type beside larger web dynos",
      [row("web", 3, { size: "Standard-2X" })],
      declare("web", "clock"),
      { added: [added("clock", 0, "Standard-2X")] },
    ],
    ["a type less", [row("web"), row("worker", 2)], declare("web"), { removed: ["worker"] }],
    [
      "no web",
      [row("web", 2)],
      declare("worker"),
      { added: [added("worker", 0, "Standard-1X")], removed: ["web"] },
    ],
    [
      "another command",
      [row("web", 2, { command: "old" })],
      declare("web"),
      { changed: [{ type: "web", command: "run web" }] },
    ],
    ["nothing", [row("web", 2)], declare("web"), {}],
    ["a release process", [row("web")], declare("web", "release"), {}],
    ["nothing declared", [row("web")], [], { removed: ["web"] }],
  ])("%s", (_name, before, declared, delta) => {
    expect(formationDelta(before, declared)).toEqual({ added: [], removed: [], changed: [], ...delta });
  });
});
