import { describe, expect, test } from "vitest";
import { entryName, isCountedOn, isDue, keptEntry, markName, readEntries } from "./slot-entries.ts";

const ID = "2f1c6a52-5d3e-4b57-8a43-0d9c2f6b7e11";
const GRACE = 1_000;
const NOW = 1_700_000_000_000;
const [name, other] = [entryName(NOW, ID, "2s"), entryName(NOW + 5, ID)];

test("entries tell when they were made and what they are, the newest first; others are left out", () => {
  const noise = [".x", "x", `${NOW}-not-an-id`, markName(entryName(1, ID), 5)];
  expect(readEntries([name, ...noise, other, markName(name, NOW + 9), markName(name, NOW + 7)])).toEqual([
    { name: other, createdMs: NOW + 5, id: ID, more: "", leavingMs: [] },
    { name, createdMs: NOW, id: ID, more: "2s", leavingMs: [NOW + 7, NOW + 9] },
  ]);
});

describe("an entry that leaves", () => {
  const leaving = (...at: number[]) => readEntries([name, ...at.map((ms) => markName(name, ms))])[0];
  test.each([
    ["without a mark", [], 0, true, false],
    ["marked now", [NOW], 0, true, false],
    ["before half of the time", [NOW], 499, true, false],
    ["after half of it", [NOW], 500, false, false],
    ["before all of it", [NOW], 999, false, false],
    ["after all of it", [NOW], 1_000, false, true],
    ["by its first mark, and its last", [NOW, NOW + 700], 1_100, false, false],
  ])("%s", (_what, marks, afterMs, counted, due) => {
    const entry = leaving(...marks);
    if (!entry) throw new Error("no entry");
    expect(isCountedOn(entry, NOW + afterMs, GRACE)).toBe(counted);
    expect(isDue(entry, NOW + afterMs, GRACE)).toBe(due);
  });

  test("is not the one that a slot keeps", () => {
    expect(keptEntry(readEntries([name, other, markName(other, NOW)]))?.name).toBe(name);
    expect(keptEntry(readEntries([name, markName(name, NOW)]))).toBeUndefined();
  });
});
