import { mkdir } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { readProject } from "./node-project.ts";

const json = JSON.stringify;

describe("an app's folder", () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  beforeEach(async () => {
    folder = await makeFolder();
  });
  afterEach(() => folder.remove());
  const lock = json({ lockfileVersion: 3, packages: { "node_modules/a": {} } });
  const project = async (files: Readonly<Record<string, string>>) => {
    await writeFiles(folder.at, files);
    return readProject(folder.at);
  };

  it("may have no lock file", async () => {
    const read = await project({ "package.json": "{}" });
    expect(read).toMatchObject({ lockFile: undefined, manager: { kind: "npm" } });
  });

  it("has its .npmrc and lock file", async () => {
    const read = await project({ "package.json": "{}", "package-lock.json": lock, ".npmrc": "a=b" });
    expect(read).toMatchObject({ lockFile: { name: "package-lock.json", text: lock } });
    await writeFiles(folder.at, { ".npmrc": "a=c" });
    expect((await readProject(folder.at)).settingsKey).not.toBe(read.settingsKey);
  });

  it("prefers a shrinkwrap, as npm does", async () => {
    const read = await project({
      "package.json": "{}",
      "package-lock.json": "{}",
      "npm-shrinkwrap.json": lock,
    });
    expect(read.lockFile?.name).toBe("npm-shrinkwrap.json");
  });

  it.each([
    ["patches/ms.patch", true],
    [".yarn/patches/ms.patch", true],
    [".yarnrc.yml", true],
    ["pnpm-workspace.yaml", true],
    ["src/index.js", false],
    [".yarn/cache/ms.zip", false],
  ])("with another %s makes other packages: %s", async (file, differs) => {
    const before = await project({ "package.json": "{}", [file]: "a: 1" });
    const after = await project({ [file]: "a: 2" });
    expect(after.settingsKey !== before.settingsKey).toBe(differs);
  });

  it.each<[Readonly<Record<string, string>>, boolean]>([
    [{ "pnpm-lock.yaml": "" }, false],
    [{ "pnpm-lock.yaml": "", ".pnpmfile.cjs": "" }, true],
    [{ "pnpm-lock.yaml": "", "pnpm-workspace.yaml": "patchedDependencies:\n  ms: a.patch\n" }, true],
    [{ "package.json": json({ pnpm: { patchedDependencies: { ms: "a.patch" } } }) }, true],
    [{ "yarn.lock": "# yarn lockfile v1\n", ".yarnrc": 'yarn-offline-mirror "./mirror"' }, true],
    [{ "yarn.lock": "# yarn lockfile v1\n", ".yarnrc": "registry x" }, false],
  ])("with %j is read by its installation: %s", async (files, readsFiles) => {
    expect(await project({ "package.json": "{}", ...files })).toMatchObject({ readsFiles });
  });

  it.each([
    ["packages:\n  - a\n", true],
    ["packages:\n- a\n", true],
    ["packages: # ours\n\n  # all\n  - 'packages/*'\n", true],
    ["packages: ['a']\n", true],
    ["packages: []\n", false],
    ["onlyBuiltDependencies:\n  - esbuild\n", false],
    ["", false],
  ])("with a pnpm-workspace.yaml of %j has workspaces: %s", async (text, hasWorkspaces) => {
    const files = { "package.json": "{}", "pnpm-lock.yaml": "", "pnpm-workspace.yaml": text };
    expect(await project(files)).toMatchObject({ hasWorkspaces });
  });

  it("has workspaces by its manifest with npm and Yarn", async () => {
    const files = { "package.json": json({ workspaces: ["a"] }), "yarn.lock": "# yarn lockfile v1\n" };
    expect(await project(files)).toMatchObject({ hasWorkspaces: true, manager: { kind: "yarn" } });
  });

  it("with a folder in a file's place is told so", async () => {
    await mkdir(path.join(folder.at, "package.json"));
    await expect(readProject(folder.at)).rejects.toThrow("package.json cannot be read");
  });
});
