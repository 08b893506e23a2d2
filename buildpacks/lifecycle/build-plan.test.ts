import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PlanMember, planFor, readPlanOptions, resolvePlan, withoutMet } from "./build-plan.ts";

/** `"+a -b"`: provides a, requires b; ways are separated by `|`. An id that ends with `?` is optional. */
function member(id: string, ways = ""): PlanMember {
  const options = ways.split("|").map((way) => {
    const words = way.trim().split(" ").filter(Boolean);
    return {
      provides: words.filter((word) => word.startsWith("+")).map((word) => word.slice(1)),
      requires: words
        .filter((word) => word.startsWith("-"))
        .map((word) => ({ name: word.slice(1), metadata: { by: id } })),
    };
  });
  return { id: id.replace("?", ""), version: "1", optional: id.endsWith("?"), options };
}

describe("resolving a plan", () => {
  const cases: readonly [string, readonly PlanMember[], string | RegExp][] = [
    ["nothing provided or required", [member("a"), member("b")], "a b"],
    ["required by the provider itself", [member("a", "+x -x")], "a"],
    ["required by a later one", [member("a", "+x"), member("b", "-x")], "a b"],
    ["required before it is provided", [member("b", "-x"), member("a", "+x")], /b requires x/],
    ["required and provided by nobody", [member("a", "-x")], /a requires x, which nothing provides/],
    ["provided and required by nobody", [member("a", "+x")], /a provides x, which nothing requires/],
    ["an optional one that provides in vain is left out", [member("a?", "+x"), member("b")], "b"],
    ["an optional one that requires in vain is left out", [member("a"), member("b?", "-x")], "a"],
    [
      "leaving one out may cost another",
      [member("a?", "+y"), member("b?", "+x -z"), member("c?", "-x")],
      /left/,
    ],
    ["several may provide the same", [member("a", "+x"), member("b", "+x"), member("c", "-x")], "a b c"],
    ["the second way is tried", [member("a", "+x | "), member("b")], "a b"],
    ["ways are tried left to right", [member("a", "+x | +y"), member("b", "-y | -x")], "a b"],
    ["only optional ones, all left out", [member("a?", "+x")], /no buildpack is left/],
  ];
  it.each(cases)("%s", (_, members, expected) => {
    const plan = resolvePlan(members);
    const told = "problem" in plan ? plan.problem : plan.members.map(({ id }) => id).join(" ");
    if (typeof expected === "string") expect(told).toBe(expected);
    else expect(told).toMatch(expected);
  });

  it("gathers all requirements of a name, with all providers", () => {
    const plan = resolvePlan([member("a", "+x"), member("b", "+x -x"), member("c", "-x")]);
    if ("problem" in plan) throw new Error(plan.problem);
    expect(plan.entries).toEqual([
      {
        providers: [
          { id: "a", version: "1" },
          { id: "b", version: "1" },
        ],
        requires: [
          { name: "x", metadata: { by: "b" } },
          { name: "x", metadata: { by: "c" } },
        ],
      },
    ]);
  });
});

describe("handing the plan on", () => {
  const plan = resolvePlan([member("a", "+x"), member("b", "+x"), member("c", "-x -y +y")]);
  const entries = "entries" in plan ? plan.entries : [];

  it("asks a buildpack for what it provides", () => {
    expect(planFor(entries, "a").map(({ name }) => name)).toEqual(["x"]);
    expect(planFor(entries, "c").map(({ name }) => name)).toEqual(["y"]);
  });

  it("gives what one has not met to the next that provides it, and nothing else", () => {
    const after = withoutMet(entries, "a", ["x"]);
    expect(planFor(after, "b").map(({ name }) => name)).toEqual(["x"]);
    expect(planFor(after, "a")).toEqual([]);
    expect(planFor(withoutMet(entries, "a", []), "b")).toEqual([]);
  });
});

it("reads the ways a buildpack offers from its file", () => {
  const file = {
    provides: [{ name: "x" }],
    requires: [{ name: "x", metadata: { version: "1" } }],
    or: [{ requires: [{ name: "y" }] }, {}],
  };
  expect(readPlanOptions(file)).toEqual([
    { provides: ["x"], requires: [{ name: "x", metadata: { version: "1" } }] },
    { provides: [], requires: [{ name: "y", metadata: {} }] },
    { provides: [], requires: [] },
  ]);
  expect(readPlanOptions({})).toEqual([{ provides: [], requires: [] }]);
});

describe("any group (buildpack.md, Detection: the rules for each trial)", () => {
  const name = fc.constantFrom("x", "y", "z");
  const way = fc.record({ provides: fc.uniqueArray(name), requires: fc.uniqueArray(name) }).map((one) => ({
    provides: one.provides,
    requires: one.requires.map((needed) => ({ name: needed, metadata: {} })),
  }));
  const group = fc
    .array(fc.record({ optional: fc.boolean(), options: fc.array(way, { minLength: 1, maxLength: 2 }) }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((members) => members.map((one, i) => ({ ...one, id: `bp${i}`, version: "1" })));

  /** Whether these ways hold together: all that is required is provided before, all that is provided required after. */
  const holds = (chosen: readonly PlanMember["options"][number][]) =>
    chosen.every(
      ({ provides, requires }, i) =>
        requires.every((one) => chosen.slice(0, i + 1).some((other) => other.provides.includes(one.name))) &&
        provides.every((given) =>
          chosen.slice(i).some((other) => other.requires.some((r) => r.name === given)),
        ),
    );

  /** All ways through a group: of each member one of its ways, of an optional one also none. */
  function* ways(members: readonly PlanMember[]): Generator<[PlanMember, PlanMember["options"][number]][]> {
    const [member, ...rest] = members;
    if (!member) return yield [];
    for (const option of member.options) for (const more of ways(rest)) yield [[member, option], ...more];
    if (member.optional) yield* ways(rest);
  }

  it("passes exactly when some choice of ways holds, and leaves out optional members only", () => {
    fc.assert(
      fc.property(group, (members) => {
        const possible = [...ways(members)].some(
          (taken) => taken.length > 0 && holds(taken.map(([, option]) => option)),
        );
        const plan = resolvePlan(members);
        expect(!("problem" in plan)).toBe(possible);
        if ("problem" in plan) return;
        const left = members.filter(({ id }) => !plan.members.some((one) => one.id === id));
        expect(left.every(({ optional }) => optional)).toBe(true);
        expect(plan.members.map(({ id }) => id)).toEqual(plan.members.map(({ id }) => id).toSorted());
      }),
    );
  });

  it("makes entries with providers, requirements and one name each (platform.md, plan.toml)", () => {
    fc.assert(
      fc.property(group, (members) => {
        const plan = resolvePlan(members);
        if ("problem" in plan) return;
        const names = plan.entries.map(({ requires }) => [...new Set(requires.map((one) => one.name))]);
        expect(names.every((one) => one.length === 1)).toBe(true);
        expect(new Set(names.flat()).size).toBe(names.length);
        expect(plan.entries.every(({ providers }) => providers.length > 0)).toBe(true);
      }),
    );
  });

  it("gives each entry to its first provider, and on only while it is unmet (Unmet Buildpack Plan Entries)", () => {
    fc.assert(
      fc.property(group, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), (members, meets) => {
        const plan = resolvePlan(members);
        if ("problem" in plan) return;
        let entries = plan.entries;
        const met = new Set<string>();
        for (const [i, { id }] of plan.members.entries()) {
          const asked = planFor(entries, id).map((one) => one.name);
          const provides = plan.entries.filter(({ providers }) => providers.some((one) => one.id === id));
          const expected = provides.flatMap(({ requires }) => requires.map((one) => one.name));
          expect(asked).toEqual(expected.filter((one) => !met.has(one)));
          entries = withoutMet(entries, id, meets[i] ? [] : asked);
          if (meets[i]) for (const one of asked) met.add(one);
        }
      }),
    );
  });
});
