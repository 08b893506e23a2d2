import { symlink } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Files, makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { pnpOptions, workspacesOf } from "./install-in-place.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

const json = JSON.stringify;
async function workspaces(files: Files) {
  await writeFiles(folder.at, files);
  return workspacesOf(folder.at);
}

describe("workspaces of an app", () => {
  it("are its folders with a package.json, those of installed packages apart", async () => {
    const found = await workspaces({
      "package.json": "{}",
      "packages/b/package.json": "{}",
      "packages/a/package.json": "{}",
      "apps/web/deep/er/package.json": "{}",
      "node_modules/x/package.json": "{}",
      "packages/a/node_modules/y/package.json": "{}",
      ".hidden/package.json": "{}",
      "docs/readme.md": "",
    });
    expect(found.folders).toEqual(["", "apps/web/deep/er", "packages/a", "packages/b"]);
  });

  it("are not found through links, which may lead anywhere", async () => {
    await symlink("..", path.join(folder.at, "loop"));
    expect((await workspaces({ "package.json": "{}" })).folders).toEqual([""]);
  });

  it.each([
    [{ "w/package.json": json({ scripts: { prepare: "tsc" } }) }, true],
    [{ "w/package.json": json({ scripts: { postinstall: "x" } }) }, true],
    [{ "w/package.json": json({ scripts: { build: "tsc" }, dependencies: { prepare: "1" } }) }, false],
    [{ "template/package.json": "{{ name }}" }, false],
  ])("%j run scripts when they are installed: %s", async (files, runScripts) => {
    expect(await workspaces({ "package.json": "{}", ...files })).toMatchObject({ runScripts });
  });

  it("are others when a manifest is, and the same when only a script is", async () => {
    const key = async (manifest: object) => (await workspaces({ "w/package.json": json(manifest) })).key;
    const first = await key({ dependencies: { ms: "1" }, scripts: { build: "a" } });
    expect(await key({ dependencies: { ms: "1" }, scripts: { build: "b" } })).toBe(first);
    expect(await key({ dependencies: { ms: "2" }, scripts: { build: "a" } })).not.toBe(first);
    await writeFiles(folder.at, { "v/package.json": "{}" });
    expect(await key({ dependencies: { ms: "1" }, scripts: { build: "a" } })).not.toBe(first);
  });
});

describe("how Node.js finds packages in archives", () => {
  it.each([
    [[".pnp.cjs"], "--require=/workspace/.pnp.cjs"],
    [
      [".pnp.cjs", ".pnp.loader.mjs"],
      "--require=/workspace/.pnp.cjs --experimental-loader=file:///workspace/.pnp.loader.mjs",
    ],
    [[".pnp.js"], "--require=/workspace/.pnp.js"],
    [[], ""],
  ])("with %j", (files, options) => {
    expect(pnpOptions("/workspace", (name) => files.includes(name))).toBe(options);
  });

  it("in a folder with a blank in its name", () => {
    expect(pnpOptions("/my app", (name) => name === ".pnp.cjs")).toBe('--require="/my app/.pnp.cjs"');
  });
});
