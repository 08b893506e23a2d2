import { describe, expect, test } from "vitest";
import { BusinessError } from "../kernel/index.ts";
import { parseAccountArguments, runAccountCommand } from "./account-command.ts";

describe("the command line", () => {
  test.each([["create"], ["password"], ["disable"]])("%s", (verb) => {
    expect(parseAccountArguments([verb, "ann@example.com"])).toEqual({ verb, email: "ann@example.com" });
  });

  test.each([
    [[]],
    [["create"]],
    [["remove", "ann@example.com"]],
    [["create", "ann@example.com", "extra"]],
    [["create", "ann"]],
    [["create", "ann @example.com"]],
  ])("%j tells how to use it", (args) => {
    expect(() => parseAccountArguments(args)).toThrow(/Usage: npm run -s account/);
  });
});

describe("what is called and printed", () => {
  const run = async (args: string[]) => {
    const calls: unknown[] = [];
    const text = await runAccountCommand(args, async (route, body) => {
      calls.push(body === undefined ? [route] : [route, body]);
      return { email: "ann@example.com", password: "p4ss" };
    });
    return { calls, text };
  };

  test("create", async () => {
    const { calls, text } = await run(["create", "ann@example.com"]);
    expect(calls).toEqual([["POST /accounts", { email: "ann@example.com" }]]);
    expect(text).toBe("email:    ann@example.com\npassword: p4ss");
  });

  test("password, with an address that needs escaping", async () => {
    const { calls } = await run(["password", "a/b+c@example.com"]);
    expect(calls).toEqual([["POST /accounts/a%2Fb%2Bc%40example.com/password"]]);
  });

  test("disable prints no secret", async () => {
    const { calls, text } = await run(["disable", "ann@example.com"]);
    expect(calls).toEqual([["POST /accounts/ann%40example.com/disable"]]);
    expect(text).toBe("ann@example.com is disabled.");
  });

  test("a refusal reaches the user as it is", async () => {
    const refuse = async () => {
      throw new BusinessError("not_found", "Couldn't find that account.");
    };
    await expect(runAccountCommand(["disable", "x@y"], refuse)).rejects.toThrow(
      "Couldn't find that account.",
    );
  });
});
