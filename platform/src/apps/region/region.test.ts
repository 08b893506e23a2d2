import { describe, expect, test } from "vitest";
import { isId } from "../../kernel/index.ts";
import { defaultRegion, defaultStack, findByIdentity, generations, regions, stacks } from "./region.ts";

describe.each([
  ["regions", regions],
  ["stacks", stacks],
  ["generations", generations],
])("%s", (_what, items) => {
  test("are found by id and by name in any case", () => {
    for (const item of items) {
      expect(isId(item.id)).toBe(true);
      for (const identity of [item.id, item.id.toUpperCase(), item.name, item.name.toUpperCase()])
        expect(findByIdentity<{ id: string; name: string }>(items, identity)).toBe(item);
    }
  });

  test("do not have what nobody knows", () => {
    for (const identity of ["", "mars", "~"])
      expect(findByIdentity<{ id: string; name: string }>(items, identity)).toBeUndefined();
  });
});

test("the defaults exist", () => {
  expect(findByIdentity(regions, defaultRegion)).toBeDefined();
  expect(findByIdentity(stacks, defaultStack)?.default).toBe(true);
  expect(stacks.filter((stack) => stack.default)).toHaveLength(1);
});
