import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Files,
  makeContext,
  makeFolder,
  scriptedFetcher,
  writeFiles,
} from "../../shared/buildpack-fixtures.ts";
import { readProject } from "./node-project.ts";
import { helpersOf, managerOf, tellManager } from "./provide-packager.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

const node = { version: "24.1.0", isNew: true, toolchain: async () => "/node", keep: async () => {} };

async function partsOf(packageJson: object, files: Files) {
  const { context, output } = await makeContext(folder.at);
  await writeFiles(context.appDir, { "package.json": JSON.stringify(packageJson), ...files });
  const project = await readProject(context.appDir);
  return { context, output, project, parts: { project, node, fetcher: scriptedFetcher({}).fetcher } };
}

describe("what the log says of the package manager", () => {
  const BERRY = { "yarn.lock": "__metadata:\n  version: 10\n" };
  const RELEASE = ".yarn/releases/yarn-4.1.0.cjs";
  it.each<[object, Files, string]>([
    [{}, { "package-lock.json": "{}" }, "npm 11.6.2 (package-lock.json; no version asked for)"],
    [{}, {}, "npm 11.6.2 (the default; no version asked for)"],
    [{ packageManager: "pnpm@9.1.0" }, {}, "pnpm 9.1.0 (packageManager in package.json)"],
    [{ engines: { yarn: "4.x" } }, BERRY, "Yarn 4.18.1 (yarn.lock; engines.yarn in package.json)"],
    [
      {},
      { ...BERRY, ".yarnrc.yml": `yarnPath: ${RELEASE}`, [RELEASE]: "" },
      `Yarn 4.1.0 (yarn.lock; ${RELEASE})`,
    ],
  ])("%j with %j", async (packageJson, files, words) => {
    const { context, output, project, parts } = await partsOf(packageJson, files);
    await tellManager(context, project, await managerOf(context, parts));
    expect(output()).toBe(`       Package manager: ${words}\n`);
  });

  it("includes warnings", async () => {
    const { context, output, project, parts } = await partsOf(
      { packageManager: "pnpm@9.1.0" },
      { ...BERRY, ".yarnrc.yml": `yarnPath: ${RELEASE}` },
    );
    await tellManager(context, project, await managerOf(context, parts));
    expect(output()).toContain(
      " !     packageManager in package.json says pnpm, but the app is locked with Yarn",
    );
    expect(output()).toContain(" !     yarnPath in .yarnrc.yml names a file that is not in the repository");
  });
});

describe("package managers that scripts call besides the app's own", () => {
  it.each<[Readonly<Record<string, string>>, readonly string[]]>([
    [{ build: "pnpm -r build" }, []],
    [{ build: "npm run a", a: "yarn b" }, ["npm", "yarn"]],
    [{ build: "tsc" }, []],
  ])("%j", async (scripts, kinds) => {
    const { context, parts } = await partsOf({ scripts }, { "pnpm-lock.yaml": "" });
    const helpers = await helpersOf(context, parts);
    expect(helpers.map(({ kind }) => kind)).toEqual(kinds);
    for (const helper of helpers)
      expect(path.basename((await helper.version()).split(".")[0] ?? "")).toMatch(/^\d+$/);
  });
});
