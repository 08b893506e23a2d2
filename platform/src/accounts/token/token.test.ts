import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Authorization,
  expiryOf,
  hashToken,
  hintOf,
  makeToken,
  parseDescription,
  parseScopes,
  secondsLeft,
} from "./token.ts";

const NOW = new Date("2026-11-21T04:00:00Z");
const refused = expect.objectContaining({ id: "invalid_params" });

test("tokens are long, in one line, and never the same", () => {
  const made = Array.from({ length: 200 }, makeToken);
  expect(made.every((token) => /^CNFR-[\w-]{43}$/.test(token))).toBe(true);
  expect(new Set(made).size).toBe(200);
});

test("a token is kept as a hash that differs for every token", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => hashToken(a).equals(hashToken(b)) === (a === b)));
  expect(hashToken("x")).toHaveLength(32);
});

test("a hint is a prefix, ten asterisks and a suffix, as the client compares it on logout", () => {
  const token = makeToken();
  const [prefix = "", suffix = ""] = hintOf(token).split("**********");
  expect(token.startsWith(prefix) && token.endsWith(suffix)).toBe(true);
  expect([prefix.length, suffix.length]).toEqual([9, 4]);
});

describe("scopes", () => {
  test.each([
    [undefined, ["global"]],
    [[], ["global"]],
    [
      ["read", "identity", "read"],
      ["read", "identity"],
    ],
    [["write-protected"], ["write-protected"]],
  ])("%j", (given, wanted) => {
    expect(parseScopes(given)).toEqual(wanted);
  });

  test.each([[["admin"]], [["read", "Write"]], [[""]]])("%j is refused", (given) => {
    expect(() => parseScopes(given)).toThrow(refused);
  });
});

describe("the end of a token", () => {
  test.each([
    [null, null],
    [undefined, null],
    [1, "2026-11-21T04:00:01.000Z"],
    [2_592_000, "2026-12-21T04:00:00.000Z"],
  ])("in %j seconds", (seconds, wanted) => {
    expect(expiryOf(seconds, NOW)?.toISOString() ?? null).toBe(wanted);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e22, 4e9])(
    "in %j seconds is refused",
    (seconds) => {
      expect(() => expiryOf(seconds, NOW)).toThrow(refused);
    },
  );

  test("any other is a time the store can hold, and counts down to 0", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_153_600_000 }), fc.nat(5_000_000_000), (seconds, later) => {
        const expiresAt = expiryOf(seconds, NOW);
        const then = new Date(NOW.getTime() + later);
        const left = secondsLeft({ expiresAt } as Authorization, then);
        expect(left).toBe(Math.max(0, Math.floor(seconds - later / 1_000)));
      }),
    );
    expect(secondsLeft({ expiresAt: null } as Authorization, NOW)).toBeNull();
  });
});

test.each([
  [undefined, "Token"],
  [null, "Token"],
  ["", "Token"],
  ["mine", "mine"],
])("the description %j becomes %s", (text, wanted) => {
  expect(parseDescription(text)).toBe(wanted);
});

test("a description that is too long is refused", () => {
  expect(() => parseDescription("x".repeat(1_001))).toThrow(refused);
});
