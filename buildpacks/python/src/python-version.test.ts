import { describe, expect, it } from "vitest";
import { chooseOfLine, chooseVersion, type PythonStatements, pythonRequirement } from "./python-version.ts";

const PYPROJECT = "requires-python in pyproject.toml";
const POETRY = "python of tool.poetry.dependencies in pyproject.toml";

describe("what a Python app asks for", () => {
  it.each<[PythonStatements, string, string | undefined, string | undefined]>([
    [{}, "", undefined, undefined],
    [{ versionFile: "3.11\n" }, "3.11", ".python-version", undefined],
    [{ versionFile: "# ours\n\n3.11.2 # pinned\n" }, "3.11.2", ".python-version", "3.11"],
    [{ versionFile: "\uFEFFcpython-3.11" }, "cpython-3.11", ".python-version", undefined],
    [{ runtimeFile: "python-3.9.18" }, "python-3.9.18", "runtime.txt", "3.9"],
    [{ versionFile: "3", runtimeFile: "python-2.7.18" }, "3", ".python-version", undefined],
    [{ versionFile: "", runtimeFile: " \n" }, "", undefined, undefined],
    [{ runtimeFile: "python-3.12", pipfile: "3.11" }, "python-3.12", "runtime.txt", undefined],
    [{ pipfileFull: "3.11.2", pipfile: "3.11" }, "3.11.2", "python_full_version in Pipfile", "3.11"],
    [{ pipfile: "3.11", requiresPython: ">=3.9" }, "3.11", "python_version in Pipfile", undefined],
    [{ pipfile: "*", requiresPython: ">=3.9" }, ">=3.9", PYPROJECT, undefined],
    [{ requiresPython: ">=3.10", poetry: "^3.11" }, ">=3.10", PYPROJECT, undefined],
    [{ requiresPython: "==3.11.4" }, "==3.11.4", PYPROJECT, "3.11"],
    [{ poetry: "^3.11" }, "^3.11", POETRY, undefined],
  ])("%o", (stated, text, statedIn, line) => {
    const read = pythonRequirement(stated);
    expect(read).toMatchObject({ ok: true, requirement: { text } });
    expect(read.ok && [read.requirement.statedIn, read.requirement.line]).toEqual([statedIn, line]);
  });

  it.each<[PythonStatements, string, string]>([
    [{ versionFile: "pypy-3.10" }, "pypy-3.10", ".python-version"],
    [{ versionFile: ">=3.10" }, ">=3.10", ".python-version"],
    [{ runtimeFile: "latest" }, "latest", "runtime.txt"],
    [{ pipfile: "three" }, "three", "python_version in Pipfile"],
    [{ requiresPython: "new" }, "new", PYPROJECT],
  ])("%o cannot be read", (stated, text, statedIn) => {
    expect(pythonRequirement(stated)).toEqual({ ok: false, text, statedIn });
  });
});

describe("the version that is taken", () => {
  const HERE = ["3.9.18", "3.11.2", "3.11.9", "3.14.2", "3.15.0", "3.16.0"];
  const requirementOf = (versionFile: string) => {
    const read = pythonRequirement({ versionFile });
    if (!read.ok) throw new Error(read.text);
    return read.requirement;
  };

  it.each([
    ["3", "3.14.2"],
    ["3.11", "3.11.9"],
    ["3.11.2", "3.11.2"],
    ["3.15", "3.15.0"],
    ["3.12", undefined],
    ["2", undefined],
    ["3.11.5", undefined],
  ])("for %s is %s", (asked, version) => {
    expect(chooseVersion(requirementOf(asked).allows, HERE)).toBe(version);
  });

  it("is of the default line or older where a range leaves it open", () => {
    const read = pythonRequirement({ requiresPython: ">=3.10" });
    expect(read.ok && chooseVersion(read.requirement.allows, HERE)).toBe("3.14.2");
    const younger = pythonRequirement({ requiresPython: ">=3.15" });
    expect(younger.ok && chooseVersion(younger.requirement.allows, HERE)).toBe("3.16.0");
  });

  it("is of the same line when only the patch level is not to be had", () => {
    expect(chooseOfLine(requirementOf("3.11.5"), HERE)).toBe("3.11.9");
    expect(chooseOfLine(requirementOf("3.12.5"), HERE)).toBeUndefined();
    expect(chooseOfLine(requirementOf("3.12"), HERE)).toBeUndefined();
  });
});
