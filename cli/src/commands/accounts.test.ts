import { describe, expect, test } from "vitest";
import { CliError } from "../cli-error.ts";
import { carryOut, run } from "./accounts.ts";

const calls: unknown[][] = [];
const call = async (...given: unknown[]) => {
  calls.push(given);
  return { email: "a@b.example", password: "made" };
};

test.each([
  ["create", [["POST /accounts", { email: "a@b.example" }]], "email:    a@b.example\npassword: made"],
  ["password", [["POST /accounts/a%40b.example/password"]], "email:    a@b.example\npassword: made"],
  ["disable", [["POST /accounts/a%40b.example/disable"]], "a@b.example is disabled."],
] as const)("%s asks the API and says what came of it", async (verb, wanted, said) => {
  calls.length = 0;
  expect(await carryOut(verb, "a@b.example", call)).toBe(said);
  expect(calls).toEqual(wanted);
});

test("what the API refuses is told as it is", async () => {
  const refusing = () => Promise.reject(new Error("That address is taken."));
  await expect(carryOut("create", "a@b.example", refusing)).rejects.toThrow("That address is taken.");
});

describe("words that make no sense", () => {
  test.each([
    [[]],
    [["create"]],
    [["create", "nobody"]],
    [["remove", "a@b.example"]],
    [["a@b.example", "create"]],
  ])("%j are refused before the cluster is asked", async (words) => {
    const running = run(words);
    await expect(running).rejects.toBeInstanceOf(CliError);
    await expect(running).rejects.toMatchObject({ failure: "usage" });
  });
});
