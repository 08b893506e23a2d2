import { describe, expect, it } from "vitest";
import { type NodeProject, parseLockFile, parsePackageJson } from "./node-project.ts";
import { packagesKey, planInstall } from "./plan-install.ts";

const DEV = { "node_modules/t": { version: "1.0.0", dev: true } };
const PLAIN = { "node_modules/a": { version: "1.0.0" } };
const LINKED = { "node_modules/w": { link: true, resolved: "w" } };

function project(packageJson: object, packages?: object, npmrc = ""): NodeProject {
  const lock = JSON.stringify({ lockfileVersion: 3, packages });
  return {
    packageJson: parsePackageJson(JSON.stringify(packageJson)),
    lockFile: packages === undefined ? undefined : parseLockFile("package-lock.json", lock),
    npmrc,
  };
}

const DEPENDENCIES = { dependencies: { a: "1" } };

describe("how packages get into the image", () => {
  it.each([
    ["nothing", {}, undefined],
    ["nothing", { scripts: { build: "tsc" } }, undefined],
    ["production", DEPENDENCIES, PLAIN],
    ["production", DEPENDENCIES, undefined],
    ["production", { ...DEPENDENCIES, scripts: { start: "node .", test: "jest" } }, DEV],
    ["build", { ...DEPENDENCIES, scripts: { build: "tsc" } }, DEV],
    ["build", { ...DEPENDENCIES, scripts: { "heroku-prebuild": "x" } }, PLAIN],
    ["build", { ...DEPENDENCIES, scripts: { "heroku-postbuild": "x" } }, PLAIN],
    ["build", { ...DEPENDENCIES, scripts: { postinstall: "x" } }, PLAIN],
    ["build", { ...DEPENDENCIES, scripts: { prepare: "x" } }, PLAIN],
    ["in-place", DEPENDENCIES, LINKED],
    ["in-place", { workspaces: ["packages/*"] }, undefined],
    ["in-place", { dependencies: { w: "file:./w" } }, undefined],
    ["in-place", { ...DEPENDENCIES, scripts: { build: "tsc" } }, LINKED],
  ])("%s for %j", (kind, packageJson, packages) => {
    expect(planInstall(project(packageJson, packages)).kind).toBe(kind);
  });

  it.each([
    [{ build: "a" }, "build"],
    [{ "heroku-postbuild": "a", build: "b" }, "heroku-postbuild"],
    [{ "heroku-prebuild": "a" }, undefined],
    [{}, undefined],
  ])("the scripts %j run %s afterwards", (scripts, script) => {
    expect(planInstall(project({ ...DEPENDENCIES, scripts }, PLAIN)).script).toBe(script);
  });

  it.each([
    [{ build: "a" }, false],
    [{ postinstall: "a" }, true],
    [{ preinstall: "a" }, true],
    [{ prepare: "a" }, true],
  ])("the scripts %j run within the installation: %s", (scripts, ownScripts) => {
    expect(planInstall(project({ ...DEPENDENCIES, scripts }, PLAIN)).ownScripts).toBe(ownScripts);
  });

  it.each([
    ["development packages", DEV, true],
    ["none", PLAIN, false],
    ["no lock file, so who knows", undefined, true],
  ])("prunes with %s", (_name, packages, prunes) => {
    expect(planInstall(project(DEPENDENCIES, packages)).prunes).toBe(prunes);
  });

  it.each([
    [{}, false],
    [{ NODE_ENV: "production" }, false],
    [{ NODE_ENV: "" }, false],
    [{ NODE_ENV: "staging" }, true],
    [{ NPM_CONFIG_PRODUCTION: "false" }, true],
    [{ NPM_CONFIG_PRODUCTION: "true" }, false],
    [{ npm_config_production: "false" }, true],
  ])("with the config vars %j leaves development packages in: %s", (env, keepsDev) => {
    expect(planInstall(project(DEPENDENCIES, DEV), env)).toMatchObject({ keepsDev, prunes: !keepsDev });
  });
});

describe("the key of an installation", () => {
  const versions = { node: "24.1.0", npm: "11.0.0" };
  const key = (one: NodeProject, { env = {}, node = "24.1.0", npm = "11.0.0" } = {}) =>
    packagesKey(one, planInstall(one, env), { node, npm });
  const base = project({ ...DEPENDENCIES, scripts: { start: "a" } }, PLAIN);

  it("is equal for what decides nothing", () => {
    const other = project(
      { ...DEPENDENCIES, name: "b", version: "2", scripts: { start: "b", build: "c" } },
      PLAIN,
    );
    expect(key(other)).toBe(key(base));
  });

  it.each([
    ["a dependency", project({ dependencies: { a: "2" } }, PLAIN)],
    ["an override", project({ ...DEPENDENCIES, overrides: { a: "2" } }, PLAIN)],
    ["the lock file", project(DEPENDENCIES, DEV)],
    ["no lock file", project(DEPENDENCIES)],
    ["a script of the installation", project({ ...DEPENDENCIES, scripts: { postinstall: "a" } }, PLAIN)],
    [".npmrc", project(DEPENDENCIES, PLAIN, "a=b")],
  ])("differs with %s", (_name, other) => {
    expect(key(other)).not.toBe(key(base));
  });

  it("differs with the versions of Node.js and npm, and with what is left in", () => {
    const keys = [
      packagesKey(base, planInstall(base), versions),
      key(base, { node: "24.2.0" }),
      key(base, { npm: "11.1.0" }),
      key(base, { env: { NODE_ENV: "staging" } }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
