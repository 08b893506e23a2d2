import { beforeEach, expect, test } from "vitest";
import { type LayerUses, makeLayerUses } from "./layer-uses.ts";

let nowMs: number;
let uses: LayerUses;
beforeEach(() => {
  nowMs = 1_000;
  uses = makeLayerUses(() => nowMs);
});

test("a folder is in use until everybody has given it back, each once", () => {
  const first = uses.take(["/home/layers/a", "/home/layers/b"]);
  const second = uses.take(["/home/layers/a"]);
  nowMs = 5_000;
  first();
  first();
  expect(uses.isFree("a", 9_000)).toBe(false);
  expect(uses.isFree("b", 9_000)).toBe(true);
  second();
  expect(uses.isFree("a", 9_000)).toBe(true);
});

test("a folder that was given back counts as used then", () => {
  const giveBack = uses.take(["a"]);
  nowMs = 5_000;
  giveBack();
  expect(uses.isFree("a", 5_000)).toBe(false);
  expect(uses.isFree("a", 5_001)).toBe(true);
});

test("a folder that is about to be used is not free", () => {
  nowMs = 5_000;
  uses.mark("a");
  expect(uses.isFree("a", 5_000)).toBe(false);
});

test("what was there before counts as used when this began", () => {
  nowMs = 9_000;
  expect(uses.isFree("old", 1_000)).toBe(false);
  expect(uses.isFree("old", 1_001)).toBe(true);
});
