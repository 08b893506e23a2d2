import { describe, expect, it } from "vitest";
import { newId } from "../../kernel/index.ts";
import { buildRank, checkPipelineName, STAGES } from "./pipeline.ts";

describe("a pipeline's name", () => {
  it.each(["abc", "my-shop", "a1-", "x".repeat(30)])("may be %s", (name) => {
    expect(() => checkPipelineName(name)).not.toThrow();
  });

  it.each(["", "ab", "1abc", "-abc", "Shop", "a_b", "a b", "abc\n", "x".repeat(31), newId()])(
    "may not be %j",
    (name) => {
      expect(() => checkPipelineName(name)).toThrow("3 to 30 characters");
    },
  );
});

it("has production built first, and what is thrown away last", () => {
  expect([undefined, ...STAGES].map((stage) => [stage ?? "no pipeline", buildRank(stage)])).toEqual([
    ["no pipeline", 1],
    ["test", 2],
    ["review", 2],
    ["development", 1],
    ["staging", 1],
    ["production", 0],
  ]);
});
