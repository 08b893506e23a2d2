import { existsSync } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, scriptedFetcher, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { parsePackageJson } from "./node-project.ts";
import { chooseNpm, copyNpm, npmRequirement, pinnedNpm } from "./npm-tool.ts";

const REGISTRY = {
  "/npm": { versions: { "9.9.4": {}, "10.8.0": {}, "10.9.4": {}, "11.0.0-pre.1": {}, "11.6.2": {} } },
};
const app = (value: object) => parsePackageJson(JSON.stringify(value));

describe("the pinned npm", () => {
  it.each([
    ["24.11.1", "11.6.2"],
    ["22.9.0", "11.6.2"],
    ["22.8.0", "10.9.4"],
    ["20.17.0", "11.6.2"],
    ["20.5.0", "10.9.4"],
    ["18.20.8", "10.9.4"],
    ["18.0.0", "9.9.4"],
    ["16.20.2", "9.9.4"],
    ["14.21.3", "9.9.4"],
    ["12.22.12", "6.14.18"],
  ])("for Node.js %s is %s", (node, npm) => {
    expect(pinnedNpm(node)).toBe(npm);
  });
});

describe("what an app asks of npm", () => {
  it.each([
    [{}, undefined],
    [{ engines: { npm: "11.x" } }, undefined],
    [{ engines: { npm: ">=8" } }, undefined],
    [{ engines: { npm: "10.x" } }, { range: "10.x", statedIn: "engines.npm in package.json" }],
    [{ packageManager: "npm@11.6.2" }, undefined],
    [
      { packageManager: "npm@10.9.4+sha512.abc" },
      { range: "10.9.4", statedIn: "packageManager in package.json" },
    ],
    [{ packageManager: "yarn@4.0.0" }, undefined],
    [
      { packageManager: "npm@10.9.4", engines: { npm: "11.x" } },
      { range: "10.9.4", statedIn: "packageManager in package.json" },
    ],
  ])("%j", (value, expected) => {
    expect(npmRequirement(app(value), "11.6.2")).toEqual(expected);
  });

  it.each([{ engines: { npm: "newest" } }, { packageManager: "npm@latest" }])("%j is refused", (value) => {
    expect(() => npmRequirement(app(value), "11.6.2")).toThrow("is no version or range of npm");
  });
});

describe("the npm that is chosen", () => {
  const choose = async (value: object, kept?: string) => {
    const { fetcher, asked } = scriptedFetcher(REGISTRY);
    const version = await chooseNpm(app(value), { nodeVersion: "24.1.0", kept }, fetcher);
    return { version, asked: asked.length };
  };

  it.each([
    ["the pinned one", {}, undefined, { version: "11.6.2", asked: 0 }],
    ["an exact one", { engines: { npm: "10.8.0" } }, undefined, { version: "10.8.0", asked: 0 }],
    ["the newest that fits", { engines: { npm: "10.x" } }, undefined, { version: "10.9.4", asked: 1 }],
    ["the kept one that fits", { engines: { npm: "10.x" } }, "10.8.0", { version: "10.8.0", asked: 0 }],
    ["another than a kept one", { engines: { npm: "9.x" } }, "10.8.0", { version: "9.9.4", asked: 1 }],
  ])("is %s", async (_name, value, kept, expected) => {
    expect(await choose(value, kept)).toEqual(expected);
  });

  it("is told with what is to be had when none fits", async () => {
    await expect(choose({ engines: { npm: "10.99.x" } })).rejects.toMatchObject({
      message: "No npm version fits 10.99.x (engines.npm in package.json).",
      advice: [
        "Versions that are to be had: 10.9.4, 10.8.0 and others.",
        "Leave it out to build with npm 11.6.2.",
      ],
    });
  });

  it("names the registry when it cannot be asked", async () => {
    const { fetcher } = scriptedFetcher({});
    const asking = chooseNpm(
      app({ engines: { npm: "10.x" } }),
      { nodeVersion: "24.1.0", kept: undefined },
      fetcher,
    );
    await expect(asking).rejects.toThrow(
      "The npm registry could not be asked for npm: the connection was refused.",
    );
  });
});

describe("an npm that is copied into the image", () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  beforeEach(async () => {
    folder = await makeFolder();
  });
  afterEach(() => folder.remove());

  it("has programs that are links beside it", async () => {
    const [from, to] = [path.join(folder.at, "from"), path.join(folder.at, "to")];
    await writeFiles(path.join(from, "lib/node_modules/npm/bin"), { "npm-cli.js": "a", "npx-cli.js": "b" });
    await copyNpm({ env: process.env, signal: new AbortController().signal }, from, to);
    for (const name of ["npm", "npx"]) {
      const link = path.join(to, "bin", name);
      expect(await readlink(link)).toBe(`../lib/node_modules/npm/bin/${name}-cli.js`);
      expect(existsSync(link)).toBe(true);
      const { mode } = await lstat(path.join(to, "lib/node_modules/npm/bin", `${name}-cli.js`));
      expect(mode & 0o111).toBe(0o111);
    }
  });
});
