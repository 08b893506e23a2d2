import { totalmem } from "node:os";
import { expect, test } from "vitest";
import { machineMemory } from "./machine-memory.ts";

test.each([
  [1_000, 0, 1_000],
  [1_000, 400, 400],
  // Where no cgroup bounds it, its bound is some number above all memory.
  [1_000, 2 ** 60, 1_000],
])("of %d bytes with a bound of %d there are %d", (total, constrained, memory) => {
  expect(machineMemory(total, constrained)).toBe(memory);
});

test("this machine has some", () => {
  expect(machineMemory()).toBeGreaterThan(2 ** 27);
  expect(machineMemory()).toBeLessThanOrEqual(totalmem());
});
