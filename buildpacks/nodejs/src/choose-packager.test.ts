import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseManager, LOCK_FILES, type ManagerFiles } from "./choose-packager.ts";
import { parsePackageJson } from "./package-json.ts";

const choose = (value: object, files: ManagerFiles = {}) =>
  chooseManager(parsePackageJson(JSON.stringify(value)), files);

const V1 = { "yarn.lock": "# yarn lockfile v1\n" };
const BERRY = { "yarn.lock": "__metadata:\n  version: 8\n" };
const PNPM = { "pnpm-lock.yaml": "lockfileVersion: '9.0'\n" };
const NPM = { "package-lock.json": "{}" };

describe("the package manager", () => {
  it.each<[string, object, ManagerFiles, string]>([
    ["npm", {}, {}, "the default"],
    ["npm", {}, NPM, "package-lock.json"],
    ["npm", {}, { ...NPM, "npm-shrinkwrap.json": "{}" }, "npm-shrinkwrap.json"],
    ["pnpm", {}, PNPM, "pnpm-lock.yaml"],
    ["yarn", {}, V1, "yarn.lock"],
    ["berry", {}, BERRY, "yarn.lock"],
    ["berry", {}, { "yarn.lock": "" }, "yarn.lock"],
    ["pnpm", { packageManager: "pnpm@9.1.0" }, {}, "packageManager in package.json"],
    ["pnpm", { packageManager: "pnpm" }, {}, "packageManager in package.json"],
    ["berry", { packageManager: "yarn@4.1.0" }, {}, "packageManager in package.json"],
    ["yarn", { packageManager: "yarn@1.22.22" }, {}, "packageManager in package.json"],
    ["berry", { packageManager: "yarn@berry" }, {}, "packageManager in package.json"],
    ["yarn", { packageManager: "yarn@classic" }, {}, "packageManager in package.json"],
    ["berry", { packageManager: "yarn@3.6.0" }, V1, "yarn.lock"],
    ["yarn", { packageManager: "yarn@1.22.22" }, BERRY, "yarn.lock"],
    [
      "pnpm",
      { devEngines: { packageManager: { name: "pnpm" } } },
      {},
      "devEngines.packageManager in package.json",
    ],
    ["npm", { devEngines: { packageManager: { name: "other" } } }, {}, "the default"],
    ["pnpm", { engines: { pnpm: ">=9" } }, {}, "engines.pnpm in package.json"],
    ["yarn", { engines: { yarn: "1.x" } }, {}, "engines.yarn in package.json"],
    ["berry", { engines: { yarn: ">=3" } }, {}, "engines.yarn in package.json"],
    ["yarn", { volta: { yarn: "1.22.19" } }, {}, "volta.yarn in package.json"],
    ["npm", { engines: { npm: "10.x", yarn: "please-use-npm" } }, {}, "engines.npm in package.json"],
    ["berry", {}, { ".yarnrc.yml": "" }, "the default"],
    ["pnpm", {}, { "pnpm-workspace.yaml": "" }, "the default"],
    ["yarn", {}, { ...V1, ".yarnrc.yml": "" }, "yarn.lock"],
  ])("is %s for %j with %j", (kind, value, files, reason) => {
    expect(choose(value, files)).toMatchObject({ kind, reason, warnings: [] });
  });

  it("installs by its own lock file", () => {
    expect(choose({}, PNPM).lock).toEqual({ name: "pnpm-lock.yaml", text: PNPM["pnpm-lock.yaml"] });
    expect(choose({}, {}).lock).toBeUndefined();
  });
});

describe("the version that is asked for", () => {
  const packageManager = "packageManager in package.json";
  it.each<[object, ManagerFiles, object | undefined]>([
    [{}, PNPM, undefined],
    [{ packageManager: "pnpm@9.1.0" }, PNPM, { range: "9.1.0", statedIn: packageManager }],
    [
      { packageManager: "pnpm@9.1.0+sha512.ABc1" },
      PNPM,
      { range: "9.1.0", statedIn: packageManager, hash: { algorithm: "sha512", digest: "abc1" } },
    ],
    [{ packageManager: "npm@10.9.4+sha512.abc" }, NPM, { range: "10.9.4", hash: { digest: "abc" } }],
    [
      { packageManager: "pnpm@9.1.0", engines: { pnpm: "8.x" } },
      PNPM,
      { range: "9.1.0", statedIn: packageManager },
    ],
    [
      { volta: { pnpm: "8.1.0" }, engines: { pnpm: "9.x" } },
      PNPM,
      { range: "8.1.0", statedIn: "volta.pnpm in package.json" },
    ],
    [{ engines: { pnpm: "9.x" } }, PNPM, { range: "9.x", statedIn: "engines.pnpm in package.json" }],
    [{ engines: { pnpm: " " } }, PNPM, undefined],
    [{ engines: { yarn: "1.x" } }, V1, { range: "1.x", statedIn: "engines.yarn in package.json" }],
    [{ engines: { npm: "11.x" } }, PNPM, undefined],
    [{ packageManager: "yarn@stable" }, {}, { range: ">=2", statedIn: packageManager }],
    [{ packageManager: "pnpm" }, {}, { range: "*", statedIn: packageManager }],
  ])("by %j", (value, files, asked) => {
    const found = choose(value, files).asked;
    if (asked === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(asked);
  });

  it.each([
    [
      { engines: { npm: "newest" } },
      {},
      '"newest" is no version or range of npm (engines.npm in package.json).',
    ],
    [{ packageManager: "npm@latest" }, {}, '"latest" is no version or range of npm'],
    [{ packageManager: "pnpm@next" }, PNPM, '"next" is no version or range of pnpm'],
    [{ engines: { yarn: "new" } }, V1, '"new" is no version or range of Yarn'],
  ])("%j is refused", (value, files, message) => {
    expect(() => choose(value, files)).toThrow(message);
  });
});

describe("lock files of several managers", () => {
  it("are refused with the names of both and which to delete", () => {
    const choosing = () => choose({}, { ...NPM, ...V1 });
    expect(choosing).toThrow("The app has two lock files, package-lock.json and yarn.lock.");
    expect(choosing).toThrow(
      expect.objectContaining({
        advice: expect.arrayContaining([expect.stringContaining("git rm yarn.lock")]),
      }),
    );
  });

  it("are refused too where packageManager names a third", () => {
    expect(() => choose({ packageManager: "pnpm@9.1.0" }, { ...NPM, ...V1 })).toThrow("two lock files");
  });

  it("are three lock files when they are", () => {
    expect(() => choose({}, { ...NPM, ...V1, ...PNPM })).toThrow(
      "The app has 3 lock files, package-lock.json and pnpm-lock.yaml and yarn.lock.",
    );
  });

  it("are decided by packageManager, with a warning", () => {
    expect(choose({ packageManager: "yarn@1.22.22" }, { ...NPM, ...V1 })).toMatchObject({
      kind: "yarn",
      lock: { name: "yarn.lock" },
      warnings: [expect.stringContaining("Remove the other: git rm package-lock.json")],
    });
  });

  it("are npm's own two without a word", () => {
    expect(choose({}, { ...NPM, "npm-shrinkwrap.json": "{}" }).warnings).toEqual([]);
  });

  it("disagreeing with packageManager, one decides with a warning and at its own version", () => {
    expect(choose({ packageManager: "yarn@1.22.22" }, NPM)).toMatchObject({
      kind: "npm",
      asked: undefined,
      warnings: [expect.stringContaining("says yarn, but the app is locked with npm (package-lock.json)")],
    });
  });
});

describe("an app of Bun's", () => {
  it.each<[object, ManagerFiles, string]>([
    [{}, { "bun.lock": "" }, "git rm bun.lock"],
    [{}, { "bun.lockb": "" }, "git rm bun.lockb"],
    [{ packageManager: "bun@1.2.0" }, {}, "npm pkg delete packageManager"],
  ])("%j with %j is told what to do", (value, files, words) => {
    expect(() => choose(value, files)).toThrow("Bun is not supported: apps run on Node.js.");
    expect(() => choose(value, files)).toThrow(
      expect.objectContaining({ advice: expect.arrayContaining([expect.stringContaining(words)]) }),
    );
  });

  it("that also has another lock file is told of both", () => {
    expect(() => choose({}, { "bun.lock": "", ...NPM })).toThrow(
      "two lock files, package-lock.json and bun.lock.",
    );
    expect(choose({ packageManager: "npm@11.6.2" }, { "bun.lock": "", ...NPM }).kind).toBe("npm");
  });
});

it("chooses or refuses with a sentence, whatever there is", () => {
  const names = [...LOCK_FILES.map(({ name }) => name), ".yarnrc.yml", "pnpm-workspace.yaml"];
  const files = fc.subarray(names).map((there) => Object.fromEntries(there.map((name) => [name, ""])));
  const manager = fc.oneof(
    fc.constantFrom("npm@11.0.0", "pnpm@9.0.0", "yarn@1.22.0", "yarn@4.0.0", "bun@1.0.0", "yarn@", "@"),
    fc.string(),
  );
  fc.assert(
    fc.property(files, fc.option(manager, { nil: undefined }), (there, packageManager) => {
      try {
        const chosen = choose({ packageManager }, there);
        // The lock file that is installed by is one that is there, and no other manager's.
        if (chosen.lock) expect(Object.keys(there)).toContain(chosen.lock.name);
        else expect(LOCK_FILES.some(({ name }) => name in there)).toBe(false);
      } catch (thrown) {
        expect(thrown).toMatchObject({ name: "BuildFailure", message: expect.stringMatching(/\.$/) });
      }
    }),
  );
});
