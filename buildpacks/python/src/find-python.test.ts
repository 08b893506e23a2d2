import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContext, makeFolder } from "../../shared/buildpack-fixtures.ts";
import { findPython } from "./find-python.ts";
import type { PythonStatements } from "./python-version.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

describe("what is no version", () => {
  it.each<[PythonStatements, string, string]>([
    [
      { versionFile: "pypy-3.10" },
      '"pypy-3.10" is no Python version (.python-version).',
      "Write it as 3.11 or 3.11.2.",
    ],
    [
      { requiresPython: "newest" },
      '"newest" is no Python version range (requires-python in pyproject.toml).',
      "Write it as >=3.11 or >=3.11,<3.14.",
    ],
  ])("%j is told with how to write it", async (stated, message, advice) => {
    const { context } = await makeContext(folder.at);
    await expect(findPython(context, stated)).rejects.toMatchObject({ message, advice: [advice] });
  });
});
