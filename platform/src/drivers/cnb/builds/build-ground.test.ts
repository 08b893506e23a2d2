import { expect, test } from "vitest";
import { type BuildGround, groundOf, wantedBuilder } from "./build-ground.ts";

const GROUND = { order: "[[order]]" } as BuildGround;
const nothing = { before: [], after: [], env: {} };
const asked: (string | undefined)[] = [];
const findBuilder = async (named: string | undefined) => {
  asked.push(named);
  return named === undefined ? undefined : GROUND;
};

test("a build stands on the builder that its source names, or on the installation's", async () => {
  expect(await groundOf({ ...nothing, builder: "heroku/builder:24" }, { findBuilder })).toBe(GROUND);
  expect(await groundOf(nothing, { findBuilder })).toBeUndefined();
  expect(asked).toEqual(["heroku/builder:24", undefined]);
});

test("a source may ask for the platform's own, wherever it builds", async () => {
  expect(await groundOf({ ...nothing, builder: "conifer/builder" }, { findBuilder })).toBeUndefined();
  expect(asked).toHaveLength(2);
});

test.each([
  ["heroku/builder:24", "acme/builder:1", "heroku/builder:24"],
  [undefined, "acme/builder:1", "acme/builder:1"],
  ["conifer/builder", "acme/builder:1", undefined],
  [undefined, undefined, undefined],
])("a source that names %s where %s is usual is built in %s", (builder, usual, wanted) => {
  expect(wantedBuilder(builder === undefined ? {} : { builder }, usual)).toBe(wanted);
});
