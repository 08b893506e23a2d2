import { describe, expect, it } from "vitest";
import { choosePython, compareVersions, pythonRequirement } from "./python-version.ts";

const base = (version: string) => ({
  program: `/usr/bin/python${version.split(".").slice(0, 2).join(".")}`,
  version,
});
const BOTH = [base("3.11.2"), base("3.9.18")];

describe("what a Python app asks for", () => {
  it.each([
    [{}, { ok: true, parts: [] }],
    [{ versionFile: "3.11\n" }, { ok: true, parts: [3, 11], statedIn: ".python-version" }],
    [
      { versionFile: "# ours\n\n3.11.2 # pinned\n" },
      { ok: true, parts: [3, 11, 2], statedIn: ".python-version" },
    ],
    [{ runtimeFile: "python-3.9.18" }, { ok: true, parts: [3, 9, 18], statedIn: "runtime.txt" }],
    [
      { versionFile: "3", runtimeFile: "python-2.7.18" },
      { ok: true, parts: [3], statedIn: ".python-version" },
    ],
    [{ versionFile: "pypy-3.10" }, { ok: false, text: "pypy-3.10", statedIn: ".python-version" }],
    [{ runtimeFile: "latest" }, { ok: false, text: "latest", statedIn: "runtime.txt" }],
    [
      { versionFile: "", runtimeFile: " \n" },
      { ok: true, parts: [] },
    ],
  ])("%o", (stated, expected) => {
    expect(pythonRequirement(stated)).toEqual(expected);
  });
});

describe("the Python that is taken", () => {
  it.each([
    [[], "3.11.2", true],
    [[3], "3.11.2", true],
    [[3, 9], "3.9.18", true],
    [[3, 11, 2], "3.11.2", true],
    [[3, 11, 9], "3.11.2", false],
  ])("for %j is %s", (parts, version, exact) => {
    expect(choosePython(parts, BOTH)).toEqual({ python: base(version), exact });
  });

  it.each([[[3, 12]], [[2]], [[3, 10, 1]]])("for %j is none", (parts) => {
    expect(choosePython(parts, BOTH)).toBeUndefined();
  });

  it("is none on a base without Python", () => {
    expect(choosePython([], [])).toBeUndefined();
  });
});

it.each([
  ["3.11.2", "3.9.18", 2],
  ["3.9.1", "3.9.10", -9],
  ["3.9", "3.9.0", 0],
])("compares %s with %s", (a, b, expected) => {
  expect(compareVersions(a, b)).toBe(expected);
});
