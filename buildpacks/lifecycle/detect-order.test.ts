import { describe, expect, it } from "vitest";
import type { BuildpackRef } from "./buildpack-descriptor.ts";
import { forExecEnv, type Group, resolveOrder, withSystemBuildpacks } from "./detect-order.ts";

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
};
const read = async ({ id }: BuildpackRef) => ({ order: (COMPOSITES[id] ?? []).map(group) });

describe("resolving an order", () => {
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    ["component buildpacks stay", ["A B", "C"], ["A B", "C"]],
    ["a composite gives way to each of its groups", ["E O F"], ["E A B F", "E C D F"]],
    ["two composites give every pair", ["O P"], ["A B E F", "A B G H", "C D E F", "C D G H"]],
    ["composites may hold composites", ["deep"], ["X A B", "X C D"]],
    ["an optional composite may be left out", ["E O?"], ["E A B", "E C D", "E"]],
    ["an optional component stays, marked", ["A B?"], ["A B"]],
  ];
  it.each(cases)("%s", async (_, order, expected) => {
    expect(named(await resolveOrder(order.map(group), read))).toEqual(expected);
  });

  it("refuses composites that hold themselves", async () => {
    await expect(resolveOrder([group("loop")], read)).rejects.toThrow("more than ten deep");
  });
});

describe("around the groups", () => {
  it("adds an operator's buildpacks, but none the group has", () => {
    const around = withSystemBuildpacks([group("A B"), group("C")], group("A Z"), group("Y"));
    expect(named(around)).toEqual(["Z A B Y", "A Z C Y"]);
  });

  it("leaves out what does not take part in the execution environment", () => {
    const test = { ...ref("T"), execEnv: ["test"] };
    const any = { ...ref("N"), execEnv: ["*"] };
    expect(named(forExecEnv([[test], [test, any], [ref("A")]], "production"))).toEqual(["N", "A"]);
    expect(named(forExecEnv([[test, any]], "test"))).toEqual(["T N"]);
  });
});
