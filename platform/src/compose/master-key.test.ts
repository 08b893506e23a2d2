import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { seal, sealedVersion, unseal } from "../kernel/index.ts";
import { type Home, makeHome } from "./home.ts";
import {
  ensureMasterKey,
  masterKeyFile,
  openMasterKey,
  parseMasterKey,
  readMasterKey,
  replaceMasterKey,
} from "./master-key.ts";
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

describe("a key that is rotated while somebody has it open", () => {
  const other = Buffer.alloc(32, 9);
  const rotated = (made: ReturnType<typeof ensureMasterKey>) => ({
    current: 2,
    keys: new Map([...made.keys, [2, other] as const]),
  });

  test("seals with the new version from the next look on, and opens what was sealed before", async () => {
    const made = ensureMasterKey(home);
    const open = openMasterKey(home);
    const before = seal("before", "app-1", open);
    await replaceMasterKey(home, rotated(made));
    const after = seal("after", "app-1", open);
    expect([before, after].map(sealedVersion)).toEqual([1, 2]);
    for (const [sealed, plain] of [
      [before, "before"],
      [after, "after"],
    ] as const)
      expect(unseal(sealed, "app-1", open).toString()).toBe(plain);
    expect(statSync(masterKeyFile(home)).mode & 0o777).toBe(0o600);
    expect(readdirSync(home.keys)).toEqual(["master.json"]);
  });

  test.each([
    ["damaged", () => writeFileSync(masterKeyFile(home), "nonsense")],
    ["gone", () => rmSync(masterKeyFile(home))],
  ])("stands as it was while its file is %s", async (_how, spoil) => {
    const made = ensureMasterKey(home);
    const open = openMasterKey(home);
    spoil();
    expect(unseal(seal("text", "app-1", open), "app-1", made).toString()).toBe("text");
    await replaceMasterKey(home, rotated(made));
    expect(open.current).toBe(2);
  });

  test("is there from the beginning, or it is told", () => {
    expect(() => openMasterKey(home)).toThrow(/ENOENT/);
  });
});
