import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type CgroupTree, MIB, makeCgroupTree } from "./cgroup-tree-fixtures.ts";
import { readWorkingSet } from "./working-set.ts";

let tree: CgroupTree;
afterEach(() => tree.remove());

describe.each([1, 2] as const)("the working set of a cgroup of version %d", (version) => {
  const group = (used: number, inactive?: number) => {
    tree = makeCgroupTree(version);
    return tree.group("kubepods/pod1/c1", used, inactive);
  };

  test("leaves out what the kernel can drop at once", () => {
    expect(readWorkingSet(group(700 * MIB, 200 * MIB), 512 * MIB)).toBe(500 * MIB);
  });

  test("is not read to the end below what is of interest", () => {
    const folder = group(400 * MIB, 200 * MIB);
    rmSync(join(folder, "memory.stat"));
    expect(readWorkingSet(folder, 512 * MIB)).toBe(400 * MIB);
  });

  test("is all of it where the parts are not told", () => {
    const folder = group(700 * MIB);
    rmSync(join(folder, "memory.stat"));
    expect(readWorkingSet(folder, 512 * MIB)).toBe(700 * MIB);
  });

  test("is never less than nothing: the two numbers are from two moments", () => {
    expect(readWorkingSet(group(600 * MIB, 601 * MIB), 512 * MIB)).toBe(0);
  });

  test("is unknown once the group is gone", () => {
    const folder = group(1);
    tree.end("kubepods/pod1/c1");
    expect(readWorkingSet(folder, 0)).toBeUndefined();
  });

  test("is unknown when the kernel says no number", () => {
    const folder = group(1);
    for (const name of ["memory.current", "memory.usage_in_bytes"])
      writeFileSync(join(folder, name), "max\n");
    expect(readWorkingSet(folder, 0)).toBeUndefined();
  });
});
