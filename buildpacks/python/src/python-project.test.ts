import { mkdir, truncate } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BuildFailure } from "../../shared/build-failure.ts";
import { type Files, makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { chooseManager, readProject } from "./python-project.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

async function project(files: Files) {
  await writeFiles(folder.at, files);
  return readProject(folder.at);
}

function failureOf(run: () => unknown): BuildFailure {
  try {
    run();
  } catch (thrown) {
    return thrown as BuildFailure;
  }
  throw new Error("nothing was thrown");
}

const LOCKS = ["requirements.txt", "uv.lock", "poetry.lock", "Pipfile.lock"];

describe("the package manager", () => {
  it.each([
    [["requirements.txt"], "pip"],
    [["requirements.txt", "pyproject.toml", "setup.py"], "pip"],
    [["requirements.txt", "Pipfile"], "pip"],
    [["uv.lock", "pyproject.toml"], "uv"],
    [["poetry.lock", "pyproject.toml"], "poetry"],
    [["Pipfile", "Pipfile.lock"], "pipenv"],
    [["pyproject.toml"], "project"],
    [["setup.py"], "project"],
  ])("of %j is %s", (files, manager) => {
    expect(chooseManager(new Set(files))).toBe(manager);
  });

  it("is not guessed: files of two are refused, with what to delete for each choice", () => {
    const failure = failureOf(() => chooseManager(new Set(["requirements.txt", "poetry.lock", "uv.lock"])));
    expect(failure.message).toContain("requirements.txt, uv.lock, poetry.lock");
    expect(failure.advice).toEqual([
      "To use pip, keep requirements.txt and delete: git rm uv.lock poetry.lock",
      "To use uv, keep uv.lock and delete: git rm requirements.txt poetry.lock",
      "To use Poetry, keep poetry.lock and delete: git rm requirements.txt uv.lock",
    ]);
  });

  it("needs a lock file of Pipenv", () => {
    const failure = failureOf(() => chooseManager(new Set(["Pipfile"])));
    expect(failure.advice[0]).toContain("pipenv lock && git add Pipfile.lock");
  });

  it("is that of the one lock file there is, and else refused", () => {
    fc.assert(
      fc.property(fc.subarray([...LOCKS, "pyproject.toml", "Pipfile", "README.md"]), (names) => {
        const locks = names.filter((name) => LOCKS.includes(name));
        if (locks.length > 1) expect(() => chooseManager(new Set(names))).toThrow("package managers");
        if (locks.length !== 1) return;
        const alone = chooseManager(new Set(locks));
        expect(chooseManager(new Set(names))).toBe(alone);
      }),
    );
  });
});

describe("what an app says", () => {
  it("is read from all of its files", async () => {
    const found = await project({
      "uv.lock": "version = 1\n",
      "pyproject.toml":
        '[project]\nname = "a"\nrequires-python = ">=3.10"\n[tool.poetry.dependencies]\npython = "^3.9"\n',
      ".python-version": "3.11\n",
    });
    expect(found).toMatchObject({
      manager: "uv",
      lock: "version = 1\n",
      stated: { versionFile: "3.11\n", requiresPython: ">=3.10", poetry: "^3.9" },
      warnings: [],
    });
  });

  it("in a Pipfile counts with Pipenv alone", async () => {
    const pipfile = '[requires]\npython_version = "3.11"\npython_full_version = "3.11.2"\n';
    const found = await project({ Pipfile: pipfile, "Pipfile.lock": "{}" });
    expect(found.stated).toMatchObject({ pipfile: "3.11", pipfileFull: "3.11.2" });
    await writeFiles(folder.at, { "requirements.txt": "" });
    await expect(readProject(folder.at)).rejects.toThrow(
      "2 package managers: requirements.txt, Pipfile.lock",
    );
  });

  it("of another kind than text is passed over", async () => {
    const found = await project({ "uv.lock": "", "pyproject.toml": "project = 3\n[tool]\npoetry = []\n" });
    expect(found.stated).toMatchObject({ requiresPython: undefined, poetry: undefined });
  });

  it.each<[Files, string]>([
    [
      { "requirements.txt": "", "runtime.txt": "python-3.11" },
      "runtime.txt is an old form. Write .python-version",
    ],
    [
      { "requirements.txt": "", "runtime.txt": "", ".python-version": "3" },
      "Delete it: .python-version counts.",
    ],
    [{ "requirements.txt": "", Pipfile: "" }, "Pipfile has no Pipfile.lock and is passed over"],
    [{ "requirements.txt": "", "environment.yml": "" }, "conda is not supported: environment.yml"],
    [{ "pyproject.toml": "[project]\n" }, "no lock file"],
    [{ "setup.py": "" }, "pip freeze > requirements.txt"],
  ])("%j is warned of", async (files, words) => {
    expect((await project(files)).warnings.join("\n")).toContain(words);
  });
});

describe("files that cannot be meant", () => {
  it.each<[Files, string]>([
    [{ "uv.lock": "", "pyproject.toml": "[project\n" }, "pyproject.toml cannot be read, line 1"],
    [{ "Pipfile.lock": "{}", Pipfile: "= 3" }, "Pipfile cannot be read, line 1"],
    [{ "pyproject.toml": "[tool.ruff]\n" }, "pyproject.toml has no [project] table"],
    [{ "README.md": "" }, "Nothing says which packages"],
  ])("%j", async (files, message) => {
    await expect(project(files)).rejects.toThrow(message);
  });

  it("are refused when they are too large", async () => {
    await writeFiles(folder.at, { "requirements.txt": "", "pyproject.toml": "" });
    await truncate(path.join(folder.at, "pyproject.toml"), 2 * 1024 * 1024);
    await expect(readProject(folder.at)).rejects.toThrow("pyproject.toml has 2097152 bytes");
  });

  it("are refused when they are no files", async () => {
    await writeFiles(folder.at, { "requirements.txt": "" });
    await mkdir(path.join(folder.at, ".python-version"));
    await expect(readProject(folder.at)).rejects.toThrow(".python-version is no file that can be read");
  });
});
