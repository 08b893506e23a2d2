import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, lstat, readFile, readlink } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  makeContext,
  makeFolder,
  runProgram,
  scriptedFetcher,
  writeFiles,
} from "../../shared/buildpack-fixtures.ts";
import type { ManagerChoice } from "./choose-packager.ts";
import { copyManager, copyTool } from "./packager-copies.ts";
import { makeManager, managerOfApp } from "./packager-tool.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

const node = {
  version: "24.1.0",
  isNew: true,
  toolchain: async () => path.dirname(path.dirname(process.execPath)),
  keep: async () => {},
};

/** A package as a registry has it, in a file. */
async function packed(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const at = path.join(folder.at, `${name}.packed`);
  await writeFiles(path.join(at, "package"), files);
  const archive = path.join(folder.at, `${name}.tgz`);
  const made = await runProgram("tar", ["-czf", archive, "-C", at, "package"], { cwd: at, env: process.env });
  expect(made).toMatchObject({ code: 0 });
  return archive;
}

const sha512 = async (file: string) =>
  createHash("sha512")
    .update(await readFile(file))
    .digest("hex");

const PNPM = {
  "package.json": JSON.stringify({ bin: { pnpm: "bin/pnpm.cjs", pnpx: "./bin/pnpx.cjs" } }),
  "bin/pnpm.cjs": "console.log('pnpm')",
  "bin/pnpx.cjs": "",
};
const YARN = {
  "package.json": JSON.stringify({ bin: { yarn: "bin/yarn.js" } }),
  "bin/yarn.js": "console.log('yarn')",
};

async function manager(choice: Pick<ManagerChoice, "kind" | "asked">, archive: string) {
  const { context, output } = await makeContext(folder.at);
  const version = choice.asked?.range ?? "10.34.9";
  const name = choice.kind === "berry" ? "/@yarnpkg%2fcli-dist" : `/${choice.kind}`;
  const { fetcher, asked } = scriptedFetcher({
    [name]: { versions: { [version]: { dist: { tarball: "/archive", integrity: "sha512-x" } } } },
    "/archive": archive,
  });
  const made = await makeManager(context, { node, choice: { lock: undefined, ...choice }, fetcher });
  return { made, context, output, asked };
}

describe("a package manager from the registry", () => {
  it("is fetched once, when it is first needed, and kept for the next build", async () => {
    const archive = await packed("pnpm", PNPM);
    const { made, context, output, asked } = await manager({ kind: "pnpm", asked: undefined }, archive);
    expect([await made.version(), asked]).toEqual(["10.34.9", []]);
    expect(await made.program()).toBe(path.join(context.layersDir, "pnpm/bin/pnpm"));
    expect(await readlink(await made.program())).toBe("../lib/node_modules/pnpm/bin/pnpm.cjs");
    expect((await runProgram(process.execPath, [await made.program()], { cwd: "/", env: {} })).output).toBe(
      "pnpm\n",
    );
    expect(asked).toEqual(["/pnpm", "/archive"]);
    expect(output()).toContain("Fetching pnpm 10.34.9");
    await made.keep();
    const again = await manager({ kind: "pnpm", asked: undefined }, archive);
    await again.made.folder();
    expect(again.asked).toEqual([]);
  });

  it("is compared with the hash that Corepack wrote: of the archive", async () => {
    const archive = await packed("pnpm", PNPM);
    const ask = (digest: string) =>
      manager(
        { kind: "pnpm", asked: { range: "9.1.0", statedIn: "x", hash: { algorithm: "sha512", digest } } },
        archive,
      );
    const good = await ask(await sha512(archive));
    expect(await good.made.folder()).toContain("pnpm");
    const bad = await ask("00");
    await expect(bad.made.folder()).rejects.toThrow(
      "pnpm 9.1.0 from the registry is not the one that packageManager in package.json names",
    );
  });

  it("is compared with the hash that Corepack wrote: of the program, for Yarn 2 and later", async () => {
    const archive = await packed("yarn", YARN);
    const digest = createHash("sha224").update(YARN["bin/yarn.js"]).digest("hex");
    const asked = { range: "4.1.0", statedIn: "x", hash: { algorithm: "sha224", digest } };
    const { made, context } = await manager({ kind: "berry", asked }, archive);
    expect(await made.program()).toBe(path.join(context.layersDir, "yarn/bin/yarn"));
  });

  it("with a hash of a kind that nobody knows is told as such", async () => {
    const archive = await packed("yarn", YARN);
    const asked = { range: "4.1.0", statedIn: "x", hash: { algorithm: "md99", digest: "00" } };
    const { made } = await manager({ kind: "berry", asked }, archive);
    await expect(made.folder()).rejects.toThrow("Yarn 4.1.0 could not be fetched");
  });

  it("that is not to be had is told with those that are", async () => {
    const { made } = await manager({ kind: "yarn", asked: { range: "1.22.1", statedIn: "x" } }, "/nowhere");
    await expect(made.folder()).rejects.toMatchObject({
      message: expect.stringContaining("Yarn 1.22.1 could not be fetched"),
      advice: [expect.stringContaining("Newest ones: 1.22.1.")],
    });
  });

  it("cannot be had without a registry", async () => {
    const { context } = await makeContext(folder.at);
    const { fetcher } = scriptedFetcher({});
    const choice = { kind: "pnpm", lock: undefined, asked: { range: "8.x", statedIn: "x" } } as const;
    const made = await makeManager(context, { node, choice, fetcher });
    await expect(made.version()).rejects.toThrow(
      "The npm registry could not be asked for pnpm: the connection was refused.",
    );
  });
});

describe("a Yarn that the repository brings", () => {
  it("is run from there, and its content is its version", async () => {
    const { context } = await makeContext(folder.at);
    const file = ".yarn/releases/yarn-4.1.0.cjs";
    await writeFiles(context.appDir, { [file]: "console.log('mine', process.argv[2])" });
    const made = await managerOfApp(context, { node, file });
    expect(await made.version()).toMatch(/^4\.1\.0\+[0-9a-f]{16}$/);
    expect([await made.folder(), await made.program()]).toEqual([undefined, path.join(context.appDir, file)]);
    const to = path.join(folder.at, "launch");
    await copyManager(context, made, to);
    await chmod(path.join(context.appDir, file), 0o644);
    const env = { PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin` };
    const run = await runProgram(path.join(to, "bin/yarn"), ["start"], { cwd: "/", env });
    expect(run.output).toBe("mine start\n");
  });
});

describe("a package manager that is copied into the image", () => {
  it("has programs that are links beside it", async () => {
    const [from, to] = [path.join(folder.at, "from"), path.join(folder.at, "to")];
    await writeFiles(path.join(from, "lib/node_modules/npm"), {
      "package.json": JSON.stringify({ bin: { npm: "bin/npm-cli.js", npx: "bin/npx-cli.js" } }),
      "bin/npm-cli.js": "a",
      "bin/npx-cli.js": "b",
    });
    await copyTool({ env: process.env, signal: new AbortController().signal }, { from, to, name: "npm" });
    for (const name of ["npm", "npx"]) {
      const link = path.join(to, "bin", name);
      expect(await readlink(link)).toBe(`../lib/node_modules/npm/bin/${name}-cli.js`);
      expect(existsSync(link)).toBe(true);
      const { mode } = await lstat(path.join(to, "lib/node_modules/npm/bin", `${name}-cli.js`));
      expect(mode & 0o111).toBe(0o111);
    }
  });
});
