import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import { readSimulationArguments } from "./simulation-arguments.ts";

const CORES = availableParallelism();

describe("the arguments of the simulation", () => {
  test.each([
    ["nothing", [], { seed: 0, count: 1_000_000, workers: CORES, deliveries: false }],
    ["one schedule again", ["--seed", "42"], { seed: 42, count: 1, workers: CORES, deliveries: false }],
    ["the first schedule again", ["--seed", "0"], { seed: 0, count: 1, workers: CORES, deliveries: false }],
    ["how many", ["--count", "300"], { seed: 0, count: 300, workers: CORES, deliveries: false }],
    [
      "some from a seed on",
      ["--seed", "7", "--count", "9"],
      { seed: 7, count: 9, workers: CORES, deliveries: false },
    ],
    [
      "a seed of many digits",
      ["--seed", "5000000000"],
      { seed: 5_000_000_000, count: 1, workers: CORES, deliveries: false },
    ],
    ["workers", ["--workers=2"], { seed: 0, count: 1_000_000, workers: 2, deliveries: false }],
    ["deliveries", ["--deliveries", "50"], { seed: 0, count: 50, workers: 1, deliveries: true }],
    [
      "deliveries from a seed on",
      ["--deliveries=50", "--seed=9"],
      { seed: 9, count: 50, workers: 1, deliveries: true },
    ],
  ])("%s", (_name, args, wanted) => {
    expect(readSimulationArguments(args)).toEqual(wanted);
  });

  test.each(["--help", "-h"])("tell how it is typed with %s", (word) => {
    expect(readSimulationArguments([word])).toEqual({
      help: expect.stringContaining("Usage: npm run test:simulation"),
    });
  });

  test.each([
    [
      "a number that is not exact",
      ["--seed", "9007199254740993"],
      "--seed must be a whole number of at most 15 digits, not 9007199254740993.",
    ],
    [
      "a word for a number",
      ["--seed", "many"],
      "--seed must be a whole number of at most 15 digits, not many.",
    ],
    ["a number below 0", ["--count=-1"], "--count must be a whole number of at most 15 digits, not -1."],
    [
      "a part of a number",
      ["--workers", "1.5"],
      "--workers must be a whole number of at most 15 digits, not 1.5.",
    ],
    ["nothing for a number", ["--seed="], "--seed must be a whole number of at most 15 digits, not ."],
    ["no schedule at all", ["--count", "0"], "--count must be 1 or more."],
    ["no worker at all", ["--workers", "0"], "--workers must be 1 or more."],
    ["an option without its number", ["--seed"], "--seed"],
    ["an option that is not there", ["--sead", "1"], "sead"],
    ["a word", ["quickly"], "quickly"],
  ])("refuse %s, and say how it is typed", (_name, args, text) => {
    const { refused } = readSimulationArguments(args) as { refused: string };
    expect(refused).toContain(text);
    expect(refused).toContain("Usage: npm run test:simulation");
  });
});
