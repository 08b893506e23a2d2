import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Files, makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { lockInputs, pipenvTakesLocal, poetrySources, uvSources } from "./lock-inputs.ts";
import { readProject } from "./python-project.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

async function inputs(files: Files) {
  await writeFiles(folder.at, files);
  return lockInputs(await readProject(folder.at));
}

describe("where a lock file takes packages from", () => {
  it.each([
    ['source = { registry = "https://pypi.org/simple" }', [], false],
    ['source = { virtual = "." }', [], false],
    ['source = { editable = "." }', [], false],
    ['source = { editable = "libs/a" }\nsource = { editable = "libs/b" }', ["libs/a", "libs/b"], false],
    ['source = { directory = "libs/a" }', [], true],
    ['source = { path = "a.whl" }', [], true],
    ['source = { git = "https://example.com/x?rev=1#abc" }', [], false],
  ])("uv: %s", (lock, members, local) => {
    expect(uvSources(lock)).toEqual({ members, local });
  });

  it.each([
    ["", "", false],
    ['type = "directory"', "", true],
    ['type = "file"', "", true],
    ['type = "git"', "", false],
    ["", "[tool.poetry.build]\nscript = 'b.py'", true],
    ["", 'build = "b.py"', true],
    ["", "[build-system]\nbuild-backend = 'x'", false],
  ])("Poetry: %j with %j", (lock, pyproject, local) => {
    expect(poetrySources(lock, pyproject).local).toBe(local);
  });

  it.each([
    ["{}", false],
    ['{"default":{"a":{"version":"==1"}}}', false],
    ['{"default":{"a":{"path":"."}}}', true],
    ['{"default":{"a":{"file":"./a.whl"}}}', true],
    ['{"default":{"a":{"file":"https://example.com/a.whl"}}}', false],
    ['{"develop":{"a":{"path":"."}}}', false],
    ['{"default":{"a":null}}', false],
    ["{", true],
  ])("Pipenv: %s", (lock, local) => {
    expect(pipenvTakesLocal(lock)).toBe(local);
  });
});

describe("what packages depend on", () => {
  const UV = { "uv.lock": 'source = { editable = "libs/a" }\n', "pyproject.toml": "[project]\n" };

  it("holds the manifests of linked members", async () => {
    const { parts, local } = await inputs({ ...UV, "libs/a/pyproject.toml": "member" });
    expect(parts.slice(0, 3)).toEqual([UV["uv.lock"], UV["pyproject.toml"], "member"]);
    expect(local).toBe(false);
  });

  it("does not hold the app's own code", async () => {
    const before = await inputs({ ...UV, "shop/main.py": "one" });
    expect(await inputs({ "shop/main.py": "two" })).toEqual(before);
    expect(await inputs({ "src/other/main.py": "" })).not.toEqual(before);
  });

  it("may be anything where a setup.py runs", async () => {
    expect((await inputs({ ...UV, "libs/a/setup.py": "" })).local).toBe(true);
  });

  it("is requirements.txt for pip, and everything without a lock file", async () => {
    expect(await inputs({ "requirements.txt": "flask\n" })).toEqual({
      parts: ["requirements.txt", "flask\n"],
      local: false,
    });
    const other = await makeFolder();
    await writeFiles(other.at, { "setup.py": "" });
    expect(await lockInputs(await readProject(other.at))).toEqual({ parts: [], local: true });
    await other.remove();
  });

  it("is both files of Pipenv", async () => {
    const lock = '{"default":{}}';
    expect(await inputs({ Pipfile: "# p\n", "Pipfile.lock": lock })).toEqual({
      parts: ["# p\n", lock],
      local: false,
    });
  });
});
