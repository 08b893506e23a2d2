import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { MasterKey } from "../kernel/index.ts";
import {
  isExpected,
  keyMarks,
  namedDigest,
  parseDetails,
  parseHead,
  SECTIONS,
  sectionFolders,
  whyNotKey,
} from "./backup-form.ts";
import { makeHome } from "./home.ts";

const APP = "5b1e6f0e-7c1f-4a52-9d2a-8a2f4c6d7e01";
const HEX = "ab".repeat(32);

describe("which files a backup may hold", () => {
  test.each([
    ["database", "apps/1"],
    ["jobs", "1"],
    ["keys", "ca.key"],
    ["git", `${APP}.git/HEAD`],
    ["git", `${APP}.git/shallow`],
    ["git", `${APP}.git/objects/ab/${"c".repeat(38)}`],
    ["git", `${APP}.git/objects/pack/pack-${"c".repeat(40)}.idx`],
    ["repositories", `common/${APP}/tags/v1.0_a`],
    ["repositories", `common/${APP}/referrers/${HEX}/${HEX}`],
    ["images", `blobs/sha256/${HEX}`],
    ["images", "index.json"],
    ["sources", `sha256/ab/${HEX}`],
    ["logs", `${APP}/0000000000000001.17.zst`],
    ["outputs", `${APP}/1.2.txt`],
  ])("%s/%s", (section, path) => expect(isExpected(section, path)).toBe(true));

  test.each([
    ["state", "host.bin"],
    ["toString", "1"],
    ["database", "apps"],
    ["database", "Apps/1"],
    ["keys", "../ca.key"],
    ["keys", "postgres.password"],
    ["git", `${APP}.git/config`],
    ["git", `${APP}.git/hooks/update`],
    ["git", `${APP}.git/objects/info/alternates`],
    ["git", `${APP}/HEAD`],
    ["repositories", `common/${APP}/tags/../../x`],
    ["images", "sweep.lock"],
    ["sources", "incoming/half"],
    ["logs", `${APP}/x.log`],
    ["outputs", `${APP}/1.txt/../x`],
  ])("not %s/%s", (section, path) => expect(isExpected(section, path)).toBe(false));
});

test("every section has a place: in the home, in the database, or with the keys", () => {
  const folders = sectionFolders(makeHome("/home"));
  expect([...Object.keys(folders), "database", "jobs", "keys"].sort()).toEqual(Object.keys(SECTIONS).sort());
  expect(folders.outputs).toBe("/home/state/outputs");
});

test.each([
  ["images", `blobs/sha256/${HEX}`, HEX],
  ["images", "index.json", undefined],
  ["sources", `sha256/ab/${HEX}`, HEX],
  ["sources", `uploads/${APP}`, undefined],
  ["repositories", `common/${APP}/blobs/${HEX}`, undefined],
])("of %s/%s the name says %s", (section, path, wanted) => expect(namedDigest(section, path)).toBe(wanted));

describe("which key opens it", () => {
  const [one, two, other] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const key = (keys: Record<number, Buffer>): MasterKey => ({
    current: 1,
    keys: new Map(Object.entries(keys).map(([version, bytes]) => [Number(version), bytes])),
  });
  const keys = keyMarks(key({ 1: one, 2: two }));

  test.each([
    ["the same", key({ 1: one, 2: two }), undefined],
    ["one with more versions", key({ 1: one, 2: two, 3: other }), undefined],
    ["one that lacks a version", key({ 1: one }), /no version 2/],
    ["another one", key({ 1: other, 2: two }), /version 1 is another key/],
    ["the same in another place", key({ 1: two, 2: one }), /version 1 is another key/],
  ])("%s", (_what, given, why) => {
    const found = whyNotKey({ keys }, given);
    if (why) expect(found).toMatch(why);
    else expect(found).toBeUndefined();
  });

  test("its marks tell nothing of it", () => {
    expect(keys.map(({ version }) => version)).toEqual([1, 2]);
    expect(JSON.stringify(keys)).not.toContain(one.toString("hex").slice(0, 8));
  });
});

describe("what stands first and last", () => {
  const head = {
    format: 1,
    conifer: "0.1.0",
    createdAt: "x",
    withKey: false,
    migrations: ["0001-a"],
    keys: [],
  };

  test("is taken when it is whole", () => {
    expect(parseHead(head)).toEqual(head);
    expect(parseDetails({ tables: { a: 1 }, jobs: 0, problems: [] })).toEqual({
      tables: { a: 1 },
      jobs: 0,
      problems: [],
    });
  });

  test.each([
    ["nothing", null],
    ["a text", "head"],
    ["no form", { ...head, format: "1" }],
    ["no schema", { ...head, migrations: undefined }],
    ["a schema of numbers", { ...head, migrations: [1] }],
    ["keys without marks", { ...head, keys: [{ version: 1 }] }],
    ["a key that is none", { ...head, keys: [null] }],
  ])("is refused: %s", (_what, value) =>
    expect(() => parseHead(value)).toThrow(/begin as a backup|not whole/),
  );

  test.each([
    null,
    {},
    { tables: null, jobs: 1, problems: [] },
    { tables: {}, jobs: "1", problems: [] },
    { tables: {}, jobs: 1 },
  ])("details %j are refused", (value) =>
    expect(() => parseDetails(value)).toThrow("its manifest is not whole"),
  );

  test("a later form is refused with what to do", () => {
    expect(() => parseHead({ ...head, format: 2, conifer: "9.0.0" })).toThrow(
      /newer Conifer \(9.0.0\).*form 2.*form 1/,
    );
  });
});
