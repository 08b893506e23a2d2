import { describe, expect, it } from "vitest";
import type { BuildpackRef } from "./buildpack-descriptor.ts";
import { type Group, resolveOrder, withSystemBuildpacks } from "./detect-order.ts";

const ref = (name: string): BuildpackRef => ({
  id: name.replace("?", ""),
  version: "1",
  optional: name.endsWith("?"),
  execEnv: [],
});
const group = (names: string): BuildpackRef[] => names.split(" ").filter(Boolean).map(ref);
const named = (groups: readonly Group[]) => groups.map((g) => g.map(({ id }) => id).join(" "));

/** Composite buildpacks of the specification's example: O is AB or CD, P is EF or GH. */
const COMPOSITES: Readonly<Record<string, readonly string[]>> = {
  O: ["A B", "C D"],
  P: ["E F", "G H"],
  deep: ["X O"],
  loop: ["loop"],
  twice: ["A B"],
  tests: ["A"],
};
/** Of the buildpacks' own descriptors. */
const LIMITS: Readonly<Record<string, readonly string[]>> = { T: ["test"], tests: ["test"], any: ["*"] };
const read = async ({ id }: BuildpackRef) => ({
  order: (COMPOSITES[id] ?? []).map(group),
  execEnv: LIMITS[id] ?? [],
});
const resolve = (order: readonly Group[], execEnv = "production") => resolveOrder(order, read, execEnv);

describe("resolving an order", () => {
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    ["component buildpacks stay", ["A B", "C"], ["A B", "C"]],
    ["a composite gives way to each of its groups", ["E O F"], ["E A B F", "E C D F"]],
    ["two composites give every pair", ["O P"], ["A B E F", "A B G H", "C D E F", "C D G H"]],
    ["composites may hold composites", ["deep"], ["X A B", "X C D"]],
    ["an optional composite may be left out", ["E O?"], ["E A B", "E C D", "E"]],
    ["an optional component stays, marked", ["A B?"], ["A B"]],
    ["a buildpack has one place in a group, the first", ["A twice", "B twice A"], ["A B", "B A"]],
    ["what is not for the execution environment is skipped, the rest goes on", ["T A any"], ["A any"]],
    ["a composite that is not for it is skipped with all it holds", ["tests B", "tests"], ["B"]],
  ];
  it.each(cases)("%s", async (_, order, expected) => {
    expect(named(await resolve(order.map(group)))).toEqual(expected);
  });

  it("refuses composites that hold themselves", async () => {
    await expect(resolve([group("loop")])).rejects.toThrow("more than ten deep");
  });
});

describe("around the groups", () => {
  it("adds an operator's buildpacks, but none the group has", () => {
    const around = withSystemBuildpacks([group("A B"), group("C")], group("A Z"), group("Y"));
    expect(named(around)).toEqual(["Z A B Y", "A Z C Y"]);
  });

  it("leaves out what the order does not mean for the execution environment", async () => {
    const test = { ...ref("A"), execEnv: ["test"] };
    const composite = { ...ref("O"), execEnv: ["test"] };
    const every = { ...ref("N"), execEnv: ["*"] };
    const order = [[test], [composite], [composite, every], [ref("B")]];
    expect(named(await resolve(order))).toEqual(["N", "B"]);
    expect(named(await resolve(order, "test"))).toEqual(["A", "A B", "C D", "A B N", "C D N", "B"]);
  });

  it("needs a buildpack that is optional in one place and needed in another", async () => {
    expect(await resolve([group("A? twice B?")])).toMatchObject([
      [
        { id: "A", optional: false },
        { id: "B", optional: false },
      ],
    ]);
  });
});
