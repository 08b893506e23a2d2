import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { filterSource } from "./filter-source.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "filter-"));
  for (const name of [
    "project.toml",
    "a.txt",
    "docs/x.md",
    "docs/deep/y.md",
    "src/a.js",
    "src/a.test.js",
    "node_modules/m/i.js",
  ]) {
    await mkdir(dirname(join(root, "app", name)), { recursive: true });
    await writeFile(join(root, "app", name), name);
  }
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function left(options: { include?: string[]; exclude?: string[] }): Promise<string[]> {
  await filterSource(join(root, "app"), options);
  const found = await readdir(join(root, "app"), { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, "app").length + 1))
    .sort();
}

describe("what a project descriptor leaves out", () => {
  it.each<[string, { include?: string[]; exclude?: string[] }, string[]]>([
    [
      "nothing",
      {},
      [
        "a.txt",
        "docs/deep/y.md",
        "docs/x.md",
        "node_modules/m/i.js",
        "project.toml",
        "src/a.js",
        "src/a.test.js",
      ],
    ],
    [
      "a folder",
      { exclude: ["node_modules", "docs/"] },
      ["a.txt", "project.toml", "src/a.js", "src/a.test.js"],
    ],
    ["by name, anywhere", { exclude: ["*.md", "*.js"] }, ["a.txt", "project.toml"]],
    ["all but some", { exclude: ["*.js", "!src/a.js", "docs", "a.txt"] }, ["project.toml", "src/a.js"]],
    [
      "all that is not included, itself apart",
      { include: ["docs/deep"] },
      ["docs/deep/y.md", "project.toml"],
    ],
    ["all, when nothing is included", { include: [] }, ["project.toml"]],
    ["what is included by name", { include: ["*.test.js"] }, ["project.toml", "src/a.test.js"]],
  ])("%s", async (_, options, expected) => {
    expect(await left(options)).toEqual(expected);
  });

  it("removes a link and not what it leads to", async () => {
    await mkdir(join(root, "outside"));
    await writeFile(join(root, "outside", "kept"), "safe");
    await symlink(join(root, "outside"), join(root, "app", "link"));
    await symlink("/nowhere", join(root, "app", "dangling"));
    await left({ exclude: ["link", "dangling", "kept"] });
    expect(await readFile(join(root, "outside", "kept"), "utf8")).toBe("safe");
    expect((await readdir(join(root, "app"))).includes("link")).toBe(false);
  });

  it("leaves folders out whose content is all left out by what is included", async () => {
    await left({ include: ["src/*.js"] });
    expect((await readdir(join(root, "app"))).sort()).toEqual(["project.toml", "src"]);
  });
});
