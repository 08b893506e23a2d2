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
