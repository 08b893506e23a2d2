import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  checkCommand,
  checkLifetime,
  freeName,
  isOneOffName,
  parseEnv,
  terminalOf,
  typeOf,
} from "./one-off.ts";

const refused = expect.objectContaining({ id: "invalid_params" });

test.each(["", "  ", "\n", "a\0b", "x".repeat(100_001)])("%j is no command", (command) => {
  expect(() => checkCommand(command)).toThrow(refused);
});

test.each([
  "bash",
  'launcher node -e "1" ; echo "\uFFFF heroku-command-exit-status: $?"',
  "x".repeat(100_000),
])("%j is a command", (command) => {
  expect(() => checkCommand(command)).not.toThrow();
});

describe("a lifetime", () => {
  test.each([
    [undefined, undefined],
    [null, undefined],
    [1, 1],
    [86_400, 86_400],
  ])("of %j is %j seconds", (given, seconds) => {
    expect(checkLifetime(given)).toBe(seconds);
  });

  test.each([0, -1, 1.5, 86_401, Number.NaN, Number.POSITIVE_INFINITY])("of %d is refused", (given) => {
    expect(() => checkLifetime(given)).toThrow(refused);
  });
});

describe("the client's terminal", () => {
  test.each([
    [{}, undefined],
    [{ TERM: "xterm" }, undefined],
    [
      { COLUMNS: "120", LINES: "40" },
      { columns: 120, rows: 40 },
    ],
    [{ COLUMNS: "120" }, { columns: 120, rows: 24 }],
    [{ LINES: "50" }, { columns: 80, rows: 50 }],
    [
      { COLUMNS: "wide", LINES: "0" },
      { columns: 80, rows: 24 },
    ],
    [
      { COLUMNS: "99999", LINES: "-3" },
      { columns: 80, rows: 24 },
    ],
  ])("%j is %j", (env, terminal) => {
    expect(terminalOf(env)).toEqual(terminal);
  });
});

describe("the caller's environment", () => {
  test("is taken as text", () => {
    expect(parseEnv({ A: "1", B: 2, C: true, _D: "" })).toEqual({ A: "1", B: "2", C: "true", _D: "" });
    expect(parseEnv(null)).toEqual({});
    expect(parseEnv(undefined)).toEqual({});
  });

  test.each([{ "A-B": "1" }, { "1A": "1" }, { "": "1" }, { A: {} }, { A: [] }, { A: null }, { A: "a\0b" }])(
    "refuses %j",
    (env) => {
      expect(() => parseEnv(env)).toThrow(refused);
    },
  );
});

describe("the name of a one-off dyno", () => {
  test("has a number of four digits that no running one has", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 }),
        (numbers) => {
          const running: { name: string }[] = [];
          for (const number of numbers) {
            let value = number;
            const random = () => {
              value = (value + 0.123_456_7) % 1;
              return value;
            };
            const name = freeName("run", running, random);
            expect(name).toMatch(/^run\.[1-9]\d{3}$/);
            expect(running).not.toContainEqual({ name });
            expect(isOneOffName(name)).toBe(true);
            running.push({ name });
          }
        },
      ),
    );
  });

  test.each([
    ["web.1", false],
    ["web.100", false],
    ["run.1000", true],
    ["web.4821", true],
    ["release.9999", true],
    ["odd.name.1234", true],
    ["nameless", false],
  ])("%s: %s", (name, expected) => {
    expect(isOneOffName(name)).toBe(expected);
  });
});

test.each([
  [undefined, "run"],
  ["", "run"],
  ["worker", "worker"],
  ["my_type-2", "my_type-2"],
  ["a b", "run"],
  ["a.b", "run"],
  ["x".repeat(61), "run"],
])("the type %j becomes %s", (wanted, type) => {
  expect(typeOf(wanted)).toBe(type);
});
