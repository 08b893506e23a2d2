import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { carryEnvironment, shellQuote } from "./program-environment.ts";

/** What a shell has in its environment once it has evaluated all that was carried. */
function evaluated(env: Readonly<Record<string, string>>): Record<string, string> {
  const carried = carryEnvironment(env);
  const texts = Array.from(
    { length: Number(carried.CONIFER_ENV_COUNT) },
    (_, n) => carried[`CONIFER_ENV_${n}`],
  );
  const names = Object.keys(env).filter((name) => /^[A-Za-z_]\w*$/.test(name));
  const script = `${texts.join("")}for name in ${names.join(" ") || "''"}; do [ -z "$name" ] || eval "printf '%s\\0' \\"\\$$name\\""; done`;
  const values = execFileSync("sh", ["-s"], { input: script, env: {}, maxBuffer: 1 << 26 })
    .toString("utf8")
    .split("\0");
  return Object.fromEntries(names.map((name, n) => [name, values[n] ?? ""]));
}

describe("carrying an environment", () => {
  test("every value arrives as it is, whatever characters it has", () => {
    const value = fc.string({ unit: "grapheme", maxLength: 40 }).filter((text) => !text.includes("\0"));
    const line = fc.constantFrom("a'b", "$(id)", "`id`", "a\nb", "\\", "", 'it\'s "so"', "*", "-n");
    fc.assert(
      fc.property(fc.array(fc.oneof(value, line), { maxLength: 6 }), (values) => {
        const env = Object.fromEntries(values.map((text, n) => [`VAR_${n}`, text]));
        expect(evaluated(env)).toEqual(env);
      }),
      { numRuns: 40 },
    );
  });

  test("many values are spread over variables that Linux can pass", () => {
    const env = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`BIG_${n}`, "x".repeat(10_000)]));
    const carried = carryEnvironment(env);
    expect(Number(carried.CONIFER_ENV_COUNT)).toBeGreaterThan(3);
    for (const text of Object.values(carried)) expect(Buffer.byteLength(text)).toBeLessThan(128 * 1024);
    expect(evaluated(env)).toEqual(env);
  });

  test("leaves names out that no shell can pass on", () => {
    expect(carryEnvironment({ "A-B": "1", "2": "2", "A.B": "3" })).toEqual({ CONIFER_ENV_COUNT: "0" });
  });

  test.each([
    ["a zero byte", { A: "a\0b" }, "The variable A holds a zero byte"],
    ["one value that is too large", { A: "x".repeat(200_000) }, "The variable A is too large"],
  ])("refuses %s, by name", (_what, env, message) => {
    expect(() => carryEnvironment(env)).toThrow(message);
  });

  test("quotes for a POSIX shell", () => {
    expect(shellQuote("it's")).toBe("'it'\\''s'");
  });
});
