import { describe, expect, it } from "vitest";
import type { ManagerKind } from "./choose-packager.ts";
import { parseLockFile } from "./lock-file.ts";
import type { NodeProject } from "./node-project.ts";
import { parsePackageJson } from "./package-json.ts";
import { packagesKey, planInstall } from "./plan-install.ts";
import { readYarnSettings } from "./yarn-settings.ts";

const DEV = { "node_modules/t": { version: "1.0.0", dev: true } };
const PLAIN = { "node_modules/a": { version: "1.0.0" } };
const LINKED = { "node_modules/w": { link: true, resolved: "w" } };

function project(packageJson: object, packages?: object, settingsKey = ""): NodeProject {
  const lock = JSON.stringify({ lockfileVersion: 3, packages });
  return {
    packageJson: parsePackageJson(JSON.stringify(packageJson)),
    manager: { kind: "npm", lock: undefined, asked: undefined, reason: "", warnings: [] },
    lockFile: packages === undefined ? undefined : parseLockFile("package-lock.json", lock),
    settingsKey,
    readsFiles: false,
    hasWorkspaces: "workspaces" in packageJson,
    yarn: readYarnSettings("", () => false),
  };
}

function projectOf(kind: ManagerKind, packageJson: object, change: Partial<NodeProject> = {}): NodeProject {
  const plain = project(packageJson);
  const name = kind === "pnpm" ? "pnpm-lock.yaml" : "yarn.lock";
  return { ...plain, manager: { ...plain.manager, kind }, lockFile: parseLockFile(name, ""), ...change };
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
    ["in-place", { dependencies: { next: "16" }, scripts: { build: "next build" } }, PLAIN],
    ["in-place", { devDependencies: { nuxt: "4" } }, PLAIN],
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
  ])("the scripts %j run within the installation: %s", (scripts, amongFiles) => {
    expect(planInstall(project({ ...DEPENDENCIES, scripts }, PLAIN)).amongFiles).toBe(amongFiles);
  });

  it.each<[string, ManagerKind, object, Partial<NodeProject>]>([
    ["production", "pnpm", DEPENDENCIES, {}],
    ["production", "yarn", DEPENDENCIES, {}],
    ["build", "pnpm", { ...DEPENDENCIES, scripts: { build: "x" } }, {}],
    ["build", "yarn", { ...DEPENDENCIES, scripts: { postinstall: "x" } }, {}],
    ["nothing", "pnpm", {}, {}],
    ["nothing", "berry", {}, {}],
    ["in-place", "berry", { scripts: { build: "x" } }, {}],
    ["in-place", "berry", DEPENDENCIES, {}],
    ["in-place", "pnpm", {}, { hasWorkspaces: true }],
    ["in-place", "pnpm", { dependencies: { w: "workspace:*" } }, {}],
    ["in-place", "yarn", { dependencies: { w: "link:./w" } }, {}],
  ])("%s with %s for %j", (kind, manager, packageJson, change) => {
    expect(planInstall(projectOf(manager, packageJson, change)).kind).toBe(kind);
  });

  it("takes place among the files when it reads patches or hooks", () => {
    expect(planInstall(projectOf("pnpm", DEPENDENCIES, { readsFiles: true }))).toMatchObject({
      kind: "production",
      amongFiles: true,
    });
  });

  it.each<[ManagerKind, string, boolean]>([
    ["berry", "", false],
    ["berry", "nodeLinker: node-modules", true],
    ["berry", "nodeLinker: pnpm", true],
    ["yarn", "", true],
    ["pnpm", "", true],
  ])("of %s with %j is files in node_modules: %s", (kind, text, linksPackages) => {
    const yarn = readYarnSettings(text, () => false);
    expect(planInstall(projectOf(kind, DEPENDENCIES, { yarn })).linksPackages).toBe(linksPackages);
  });

  it.each<[ManagerKind, object, Partial<NodeProject>, boolean]>([
    ["pnpm", DEPENDENCIES, {}, false],
    ["pnpm", { ...DEPENDENCIES, devDependencies: { b: "1" } }, {}, true],
    ["yarn", { ...DEPENDENCIES, devDependencies: { b: "1" } }, {}, true],
    ["pnpm", DEPENDENCIES, { hasWorkspaces: true }, true],
    ["yarn", DEPENDENCIES, { lockFile: undefined }, true],
  ])("with %s of %j prunes as manifests tell", (kind, packageJson, change, prunes) => {
    expect(planInstall(projectOf(kind, packageJson, change)).prunes).toBe(prunes);
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
    [{ YARN_PRODUCTION: "false" }, true],
    [{ YARN2_SKIP_PRUNING: "true" }, true],
    [{ PNPM_SKIP_PRUNING: "true" }, true],
    [{ PNPM_SKIP_PRUNING: "false" }, false],
  ])("with the config vars %j leaves development packages in: %s", (env, keepsDev) => {
    expect(planInstall(project(DEPENDENCIES, DEV), env)).toMatchObject({ keepsDev, prunes: !keepsDev });
  });
});

describe("the key of an installation", () => {
  const versions = { node: "24.1.0", manager: "11.0.0" };
  const key = (one: NodeProject, { env = {}, node = "24.1.0", npm = "11.0.0" } = {}) =>
    packagesKey(one, planInstall(one, env), { node, manager: npm });
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
    ["settings", project(DEPENDENCIES, PLAIN, "another")],
    ["settings of pnpm", project({ ...DEPENDENCIES, pnpm: { overrides: {} } }, PLAIN)],
    ["the manager", { ...base, manager: { ...base.manager, kind: "pnpm" as const } }],
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
