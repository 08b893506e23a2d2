import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeRoleClock, type RoleClock } from "./role-clock.ts";

let folder: string;
let clock: RoleClock;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-role-clock-"));
  clock = makeRoleClock(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The value of an expression in a new process with the clock. */
function evaluate(expression: string): string {
  const env = { ...process.env, ...clock.env };
  return execFileSync(process.execPath, ["--print", expression], { env, encoding: "utf8" }).trim();
}

const HOUR_MS = 3_600_000;

test.each([
  ["Date.now()", "Date.now()"],
  ["a new date", "new Date().getTime()"],
  ["a date's text", "Date.parse(Date())"],
])("%s is moved by what the file says", (_name, expression) => {
  for (const hours of [-5, 0, 5]) {
    clock.step(hours * HOUR_MS);
    const off = Number(evaluate(expression)) - Date.now();
    expect(Math.abs(off - hours * HOUR_MS)).toBeLessThan(HOUR_MS / 2);
  }
});

test("dates of given times are what they were", () => {
  clock.step(HOUR_MS);
  expect(evaluate("new Date(0).toISOString() + new Date(2020, 1).getFullYear()")).toBe(
    "1970-01-01T00:00:00.000Z2020",
  );
  expect(evaluate("Date.UTC(1970, 0) + Date.parse('1970-01-01')")).toBe("0");
  expect(
    evaluate("new Date() instanceof Date && new Date().constructor === Date.prototype.constructor"),
  ).toBe("true");
});
