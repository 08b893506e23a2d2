import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readAccessFile, writeAccessFile } from "./access-file.ts";
import { access } from "./access-fixtures.ts";
import { type Home, makeHome } from "./home.ts";

let home: Home;
beforeEach(() => {
  home = makeHome(mkdtempSync(join(tmpdir(), "conifer-access-")));
});
afterEach(() => rmSync(home.root, { recursive: true }));

test("what is written is read, by this user only, and nothing else stays behind", () => {
  writeAccessFile(home, access());
  writeAccessFile(home, access({ token: "HRKU-2" }));
  expect(readAccessFile(home)).toEqual(access({ token: "HRKU-2" }));
  expect(statSync(home.accessFile).mode & 0o777).toBe(0o600);
  expect(readdirSync(home.root)).toEqual(["access.json"]);
});

test("fields that nobody agreed on are not written", () => {
  writeAccessFile(home, { ...access(), masterKey: "no" } as never);
  expect(readAccessFile(home)).toEqual(access());
});

test("without a file there is no access", () => {
  expect(readAccessFile(home)).toBeUndefined();
});

test.each(["", "{", "null", "[]", '{"api":"x"}'])("a damaged file is told: %s", (text) => {
  writeFileSync(home.accessFile, text);
  expect(() => readAccessFile(home)).toThrow(/damaged.*npm start/);
});
