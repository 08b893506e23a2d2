import { expect, test } from "vitest";
import { type BuildGround, groundOf } from "./build-ground.ts";

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
  expect(await groundOf({ ...nothing, builder: "conifer/builder" }, {})).toBeUndefined();
  expect(asked).toHaveLength(2);
});

test("where builds run in one builder only, no other may be named", async () => {
  expect(await groundOf(nothing, {})).toBeUndefined();
  await expect(groundOf({ ...nothing, builder: "heroku/builder:24" }, {})).rejects.toThrow(
    /names the builder heroku\/builder:24\. All builds of this installation run in the builder image/,
  );
});
