import { describe, expect, it } from "vitest";
import { parsePackageJson } from "./package-json.ts";

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
      volta: {},
      scripts: { start: "node ." },
      needs: { a: "1" },
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

  it.each([
    [{ packageManager: { name: "pnpm", version: "9.1.0" } }, { name: "pnpm", version: "9.1.0" }],
    [{ packageManager: [{ name: "yarn" }, { name: "npm" }] }, { name: "yarn", version: "*" }],
    [{ packageManager: [] }, undefined],
    [{ runtime: { name: "node" } }, undefined],
    ["none", undefined],
  ])("devEngines %j", (devEngines, expected) => {
    expect(parsePackageJson(json({ devEngines })).devManager).toEqual(expected);
  });

  it("has needs of both kinds, those at run time over those in development", () => {
    const value = { dependencies: { a: "2" }, devDependencies: { a: "1", b: "1" } };
    expect(parsePackageJson(json(value)).needs).toEqual({ a: "2", b: "1" });
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
