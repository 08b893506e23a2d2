import fc from "fast-check";
import { expect, test } from "vitest";
import { isId, newId } from "./ids.ts";

test("new ids are ids, and never twice the same", () => {
  const ids = Array.from({ length: 1_000 }, newId);
  expect(ids.every(isId)).toBe(true);
  expect(new Set(ids).size).toBe(1_000);
});

test.each([
  ["01234567-89ab-cdef-0123-456789abcdef", true],
  ["01234567-89AB-cdef-0123-456789abcdef", false],
  ["0123456789abcdef0123456789abcdef", false],
  ["01234567-89ab-cdef-0123-456789abcde", false],
  ["01234567-89ab-cdef-0123-456789abcdef\n", false],
  ["my-app", false],
  ["", false],
])("%j is an id: %s", (text, wanted) => {
  expect(isId(text)).toBe(wanted);
});

test("every UUID is an id", () => {
  fc.assert(fc.property(fc.uuid(), isId));
});
