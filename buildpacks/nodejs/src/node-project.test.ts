import { mkdir } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { parseLockFile, parsePackageJson, readProject } from "./node-project.ts";

const json = JSON.stringify;

describe("package.json", () => {
  it("keeps what decides the build", () => {
    const read = parsePackageJson(
      json({
        name: "app",
        engines: { node: "24.x", npm: ">=10" },
        packageManager: "npm@11.0.0",
        scripts: { start: "node .", test: 7 },
        dependencies: { a: "1" },
        overrides: { b: "2" },
      }),
    );
    expect(read).toEqual({
      engines: { node: "24.x", npm: ">=10" },
      packageManager: "npm@11.0.0",
      scripts: { start: "node ." },
      installed: { dependencies: { a: "1" }, overrides: { b: "2" } },
      hasDependencies: true,
    });
  });

  it.each([
    [{}, false],
    [{ dependencies: {} }, false],
    [{ dependencies: { a: "1" } }, true],
    [{ devDependencies: { a: "1" } }, true],
    [{ optionalDependencies: { a: "1" } }, true],
    [{ peerDependencies: { a: "1" } }, true],
    [{ workspaces: ["packages/*"] }, true],
    [{ dependencies: "none" }, false],
    [{ dependencies: null }, false],
  ])("%j has packages to install: %s", (value, has) => {
    expect(parsePackageJson(json(value)).hasDependencies).toBe(has);
  });

  it("may begin with a byte order mark", () => {
    expect(parsePackageJson(`\uFEFF${json({ scripts: { start: "x" } })}`).scripts).toEqual({ start: "x" });
  });

  it.each([
    ["", "package.json is not valid JSON"],
    ["{", "package.json is not valid JSON"],
    ['{"a": 1,}', "package.json is not valid JSON"],
    ["[]", "package.json does not hold a JSON object."],
    ["null", "package.json does not hold a JSON object."],
    ['"text"', "package.json does not hold a JSON object."],
  ])("%j is refused", (text, message) => {
    expect(() => parsePackageJson(text)).toThrow(message);
  });
});

describe("lock files", () => {
  const root = { "": { name: "app" } };
  const read = (value: unknown) => {
    const { hasDevPackages, hasLinks } = parseLockFile("package-lock.json", json(value));
    return [hasDevPackages, hasLinks];
  };

  it.each([
    ["v3, nothing", { lockfileVersion: 3, packages: root }, [false, false]],
    [
      "v3, a package",
      { lockfileVersion: 3, packages: { ...root, "node_modules/a": { version: "1.0.0" } } },
      [false, false],
    ],
    [
      "v3, a development package",
      { lockfileVersion: 3, packages: { ...root, "node_modules/a": { version: "1.0.0", dev: true } } },
      [true, false],
    ],
    [
      "v3, optional in development",
      { lockfileVersion: 3, packages: { ...root, "node_modules/a": { devOptional: true } } },
      [true, false],
    ],
    [
      "v3, a workspace",
      { lockfileVersion: 3, packages: { ...root, "node_modules/w": { resolved: "packages/w", link: true } } },
      [false, true],
    ],
    [
      "v2, both lists",
      {
        lockfileVersion: 2,
        packages: { ...root, "node_modules/a": { version: "1.0.0" } },
        dependencies: { a: { version: "1.0.0" } },
      },
      [false, false],
    ],
    ["v1, a package", { lockfileVersion: 1, dependencies: { a: { version: "1.0.0" } } }, [false, false]],
    [
      "v1, a development package",
      { lockfileVersion: 1, dependencies: { a: { version: "1.0.0", dev: true } } },
      [true, false],
    ],
    ["v1, a folder", { lockfileVersion: 1, dependencies: { a: { version: "file:./a" } } }, [false, true]],
    ["v1, nothing", { lockfileVersion: 1 }, [false, false]],
  ])("%s", (_name, value, expected) => {
    expect(read(value)).toEqual(expected);
  });

  it("that are no JSON are refused by name", () => {
    expect(() => parseLockFile("package-lock.json", "<<<<<<< HEAD")).toThrow(
      "package-lock.json is not valid JSON",
    );
  });
});

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
    expect(read).toMatchObject({ lockFile: undefined, npmrc: "" });
  });

  it("has its .npmrc and lock file", async () => {
    const read = await project({ "package.json": "{}", "package-lock.json": lock, ".npmrc": "a=b" });
    expect(read).toMatchObject({ lockFile: { name: "package-lock.json", text: lock }, npmrc: "a=b" });
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
    ["yarn.lock", "Yarn"],
    ["pnpm-lock.yaml", "pnpm"],
    ["bun.lock", "Bun"],
    ["bun.lockb", "Bun"],
  ])("with %s alone is told that %s is not supported", async (file, manager) => {
    await expect(project({ "package.json": "{}", [file]: "" })).rejects.toMatchObject({
      message: `The app is locked with ${manager} (${file}). This buildpack builds with npm only.`,
      advice: expect.arrayContaining([expect.stringContaining(`git rm ${file}`)]),
    });
  });

  it("with two lock files is told which to remove", async () => {
    const files = { "package.json": "{}", "package-lock.json": lock, "yarn.lock": "" };
    await expect(project(files)).rejects.toMatchObject({
      message: "The app has two lock files, package-lock.json and yarn.lock.",
      advice: expect.arrayContaining([expect.stringContaining("git rm yarn.lock")]),
    });
  });

  it("with a folder in a file's place is told so", async () => {
    await mkdir(path.join(folder.at, "package.json"));
    await expect(readProject(folder.at)).rejects.toThrow("package.json cannot be read");
  });
});
