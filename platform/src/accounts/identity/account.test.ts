import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accountTaken, checkPassword, meansCaller, parseEmail } from "./account.ts";

describe("an e-mail address", () => {
  test.each([
    ["me@example.com", "me@example.com"],
    [" Me@Example.COM ", "me@example.com"],
    ["a.b+c@x", "a.b+c@x"],
    ["zoë@example.com", "zoë@example.com"],
  ])("%j is kept as %s", (text, wanted) => {
    expect(parseEmail(text)).toBe(wanted);
  });

  test.each(["", "me", "@x", "me@", "a b@x", "a@b@c", "a:b@x", "<a>@x", "a,b@x", `${"x".repeat(255)}@x`])(
    "%j is none",
    (text) => {
      expect(() => parseEmail(text)).toThrow(expect.objectContaining({ id: "invalid_params" }));
    },
  );

  test("has one form: parsing it again changes nothing", () => {
    fc.assert(
      fc.property(fc.emailAddress(), (address) => {
        fc.pre(!/["<>:,;]/.test(address));
        expect(parseEmail(parseEmail(address))).toBe(parseEmail(address));
      }),
    );
  });
});

test.each([
  ["x".repeat(7), false],
  ["x".repeat(8), true],
  ["x".repeat(1_024), true],
  ["x".repeat(1_025), false],
  ["", false],
])("a password of %j is allowed: %s", (password, good) => {
  const check = () => checkPassword(password);
  if (good) expect(check).not.toThrow();
  else expect(check).toThrow(/8 to 1024 characters/);
});

test.each([
  ["~", true],
  ["0000aaaa-0000-4000-8000-000000000000", true],
  ["0000AAAA-0000-4000-8000-000000000000", true],
  ["me@example.com", true],
  ["ME@Example.com", true],
  ["you@example.com", false],
  ["", false],
])("%j means the caller: %s", (identity, wanted) => {
  const caller = { accountId: "0000aaaa-0000-4000-8000-000000000000", email: "Me@example.com" };
  expect(meansCaller(identity, caller)).toBe(wanted);
});

test("a taken address is named", () => {
  expect(accountTaken("me@example.com")).toMatchObject({
    id: "invalid_params",
    message: "There is already an account for me@example.com.",
  });
});
