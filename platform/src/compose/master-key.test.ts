import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seal, unseal } from "../kernel/index.ts";
import { type Home, makeHome } from "./home.ts";
import { ensureMasterKey, masterKeyFile, parseMasterKey, readMasterKey } from "./master-key.ts";
import { makeHomeFolders } from "./supervisor-home.ts";

let home: Home;
beforeEach(() => {
  home = makeHome(mkdtempSync(join(tmpdir(), "conifer-key-")));
  makeHomeFolders(home);
});
afterEach(() => rmSync(home.root, { recursive: true }));

test("it is made once, for this user only, and seals and opens", () => {
  const made = ensureMasterKey(home);
  const text = readFileSync(masterKeyFile(home), "utf8");
  const sealed = seal("a config var", "app-1", made);
  ensureMasterKey(home);
  expect(readFileSync(masterKeyFile(home), "utf8")).toBe(text);
  expect(unseal(sealed, "app-1", readMasterKey(home)).toString()).toBe("a config var");
  expect(statSync(masterKeyFile(home)).mode & 0o777).toBe(0o600);
});

test("reading a key that was never made fails", () => {
  expect(() => readMasterKey(home)).toThrow(/ENOENT/);
});

const key = Buffer.alloc(32, 7).toString("base64");
test.each([
  ["not JSON", "nonsense"],
  ["no keys", "{}"],
  ["a short key", JSON.stringify({ current: 1, keys: { 1: "c2hvcnQ=" } })],
  ["a version that is no number", JSON.stringify({ current: 1, keys: { one: key } })],
  ["a current key that is missing", JSON.stringify({ current: 2, keys: { 1: key } })],
])("a damaged file is refused and its content not shown: %s", (_name, text) => {
  writeFileSync(masterKeyFile(home), text);
  expect(() => readMasterKey(home)).toThrow(/cannot be used/);
  expect(() => readMasterKey(home)).not.toThrow(/BwcH|c2hv/);
});

test("older versions stay to open what they sealed", () => {
  const text = JSON.stringify({ current: 2, keys: { 1: key, 2: Buffer.alloc(32, 8).toString("base64") } });
  const master = parseMasterKey(text, "file");
  expect(master.current).toBe(2);
  expect([...master.keys.keys()]).toEqual([1, 2]);
});
