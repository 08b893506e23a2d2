import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeCaBundle } from "./ca-bundle.ts";
import { type Home, makeHome } from "./home.ts";

let root: string;
let home: Home;
let company: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "conifer-bundle-"));
  home = makeHome(root);
  company = join(root, "company.pem");
  writeFileSync(home.caFile, "OURS\n");
  writeFileSync(company, "COMPANY\n");
});
afterEach(() => rmSync(root, { recursive: true }));

const certificates = (path: string) =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line && !line.startsWith("#"));

test("without a variable the bundle holds our authority", () => {
  const path = writeCaBundle(home, undefined);
  expect(path).toBe(home.caBundleFile);
  expect(certificates(path)).toEqual(["OURS"]);
  expect(writeCaBundle(home, path)).toBe(path);
  expect(certificates(path)).toEqual(["OURS"]);
});

test("with a variable it holds both, and doing it again changes nothing", () => {
  const path = writeCaBundle(home, company);
  const text = readFileSync(path, "utf8");
  expect(certificates(path)).toEqual(["OURS", "COMPANY"]);
  expect(writeCaBundle(home, path)).toBe(path);
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("shells that named different files do not disturb each other", () => {
  const withCompany = writeCaBundle(home, company);
  const plain = writeCaBundle(home, undefined);
  expect(plain).not.toBe(withCompany);
  expect(certificates(withCompany)).toEqual(["OURS", "COMPANY"]);
});

test("going to another instance and back does not grow the bundle", () => {
  const other = makeHome(join(root));
  const otherHome = {
    ...other,
    caFile: join(root, "other.pem"),
    caBundleFile: join(root, "other-bundle.pem"),
  };
  writeFileSync(otherHome.caFile, "OTHER\n");
  const here = writeCaBundle(home, company);
  const there = writeCaBundle(otherHome, here);
  expect(certificates(there)).toEqual(["OTHER", "COMPANY"]);
  expect(writeCaBundle(home, there)).toBe(here);
  expect(certificates(here)).toEqual(["OURS", "COMPANY"]);
});

test("a file that is not there adds nothing", () => {
  expect(certificates(writeCaBundle(home, join(root, "gone.pem")))).toEqual(["OURS"]);
});

test("a new authority reaches the bundle", () => {
  const path = writeCaBundle(home, company);
  writeFileSync(home.caFile, "NEWER\n");
  expect(writeCaBundle(home, path)).toBe(path);
  expect(certificates(path)).toEqual(["NEWER", "COMPANY"]);
});
