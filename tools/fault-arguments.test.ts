import { describe, expect, test } from "vitest";
import { readFaultArguments } from "./fault-arguments.ts";

describe("the arguments of the fault run", () => {
  test.each([
    ["nothing", [], { seed: 1, from: 0, points: 500 }],
    ["a seed", ["--seed", "42"], { seed: 42, from: 0, points: 500 }],
    ["where to go on", ["--from", "120"], { seed: 1, from: 120, points: 380 }],
    ["one point again", ["--seed", "7", "--from", "13", "--points", "1"], { seed: 7, from: 13, points: 1 }],
    ["beyond the 500th", ["--from", "700"], { seed: 1, from: 700, points: 1 }],
    ["the form with a sign", ["--seed=3", "--points=5"], { seed: 3, from: 0, points: 5 }],
  ])("%s", (_name, args, wanted) => {
    expect(readFaultArguments(args)).toEqual(wanted);
  });

  test.each(["--help", "-h"])("tell how it is typed with %s", (word) => {
    expect(readFaultArguments(["--seed", "3", word])).toEqual({
      help: expect.stringContaining("Usage: npm run test:faults"),
    });
  });

  test.each([
    [
      "a word for a number",
      ["--seed", "many"],
      "--seed must be a whole number of at most 15 digits, not many.",
    ],
    ["a number below 0", ["--from=-1"], "--from must be a whole number of at most 15 digits, not -1."],
    ["no points at all", ["--points", "0"], "--points must be 1 or more."],
    ["an option that is not there", ["--sead", "1"], "sead"],
    ["a word", ["quickly"], "quickly"],
  ])("refuses %s, and says how it is typed", (_name, args, text) => {
    const { refused } = readFaultArguments(args) as { refused: string };
    expect(refused).toContain(text);
    expect(refused).toContain("Usage: npm run test:faults");
  });
});
