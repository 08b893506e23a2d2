import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeHome } from "./home.ts";
import { carriesToken, ensureMetricsToken, metricsTokenFile } from "./operator-token.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "conifer-token-"));
  mkdirSync(join(root, "keys"));
});
afterEach(() => rmSync(root, { recursive: true }));

test("a home has one token of its own, for this user only", () => {
  const home = makeHome(root);
  const token = ensureMetricsToken({ home, metricsToken: undefined });
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(ensureMetricsToken({ home, metricsToken: undefined })).toBe(token);
  expect(readFileSync(metricsTokenFile(home), "utf8")).toBe(token);
  expect(statSync(metricsTokenFile(home)).mode & 0o777).toBe(0o600);
});

test("the settings' token is used as it is, and none is made", () => {
  const home = makeHome(root);
  expect(ensureMetricsToken({ home, metricsToken: "m".repeat(16) })).toBe("m".repeat(16));
  expect(() => statSync(metricsTokenFile(home))).toThrow("ENOENT");
});

const asked = (authorization?: string) => ({ headers: { authorization } }) as IncomingMessage;

test.each([
  ["Bearer secret", true],
  ["bearer  secret", true],
  ["Bearer secre", false],
  ["Bearer secrets", false],
  ["Bearer sécret", false],
  ["Basic secret", false],
  ["secret", false],
  ["Bearer ", false],
  ["", false],
  [undefined, false],
])("%s carries the token: %s", (authorization, carries) => {
  expect(carriesToken(asked(authorization), "secret")).toBe(carries);
});

test("where there is no token nobody carries it", () => {
  expect(carriesToken(asked("Bearer "), undefined)).toBe(false);
  expect(carriesToken(asked("Bearer undefined"), undefined)).toBe(false);
});
