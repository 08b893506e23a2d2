import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { filterSource } from "./filter-source.ts";
import { matchPatterns } from "./ignore-patterns.ts";

describe("patterns of gitignore", () => {
  // pattern list, path (a folder when it ends with /), whether it matches
  const cases: readonly [string, string, boolean][] = [
    ["*.log", "a.log", true],
    ["*.log", "x/y/a.log", true],
    ["/a.log", "x/a.log", false],
    ["/a.log", "a.log", true],
    ["x/a.log", "x/a.log", true],
    ["x/a.log", "y/x/a.log", false],
    ["spec/", "spec/", true],
    ["spec/", "spec", false],
    ["spec/", "a/spec/", true],
    ["**/x", "a/b/x", true],
    ["**/x", "x", true],
    ["a/**", "a/b/c", true],
    ["a/**", "a/", false],
    ["a/**/b", "a/b", true],
    ["a/**/b", "a/x/y/b", true],
    ["a/*/b", "a/x/y/b", false],
    ["a?c", "abc", true],
    ["a?c", "a/c", false],
    ["[ab].js", "b.js", true],
    ["[!ab].js", "b.js", false],
    ["[!ab].js", "c.js", true],
    ["\\#x", "#x", true],
    ["# comment", "# comment", false],
    ["*.log,!keep.log", "keep.log", false],
    ["*.log,!keep.log,keep.log", "keep.log", true],
    ["a.b", "axb", false],
    ["trailing   ", "trailing", true],
    ["", "x", false],
  ];
  it.each(cases)("%s on %s: %s", (patterns, path, matches) => {
    expect(matchPatterns(patterns.split(","))(path.replace(/\/$/, ""), path.endsWith("/"))).toBe(matches);
  });

  it("mean what git means by them", async () => {
    const root = await mkdtemp(join(tmpdir(), "ignore-"));
    try {
      execFileSync("git", ["init", "--quiet", root]);
      // Folders are asked for through a file in them, as git sees them.
      const paths = [...new Set(cases.map(([, path]) => path.replace(/\/$/, "/f")))];
      for (const patterns of new Set(cases.map(([text]) => text))) {
        await writeFile(join(root, ".git/info/exclude"), patterns.split(",").join("\n"));
        for (const path of paths) {
          const ignored = gitIgnores(root, path);
          const above = path.split("/");
          const matcher = matchPatterns(patterns.split(","));
          const matched = above.some((_, i) =>
            matcher(above.slice(0, i + 1).join("/"), i < above.length - 1),
          );
          expect({ patterns, path, matched }).toEqual({ patterns, path, matched: ignored });
        }
      }
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });

  function gitIgnores(root: string, path: string): boolean {
    try {
      execFileSync("git", ["-C", root, "check-ignore", "--quiet", "--no-index", path]);
      return true;
    } catch {
      return false;
    }
  }
});

describe("leaving files of a source out", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "filter-"));
    for (const path of [
      "project.toml",
      "a.js",
      "a.log",
      "src/b.js",
      "src/deep/c.js",
      "spec/d.js",
      "doc/e.md",
    ]) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), "");
    }
  });
  afterEach(() => rm(root, { recursive: true, force: true }));
  const left = async () => {
    const all = await readdir(root, { recursive: true, withFileTypes: true });
    const files = all.filter((entry) => entry.isFile());
    return files.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)).sort();
  };

  it("removes what is excluded", async () => {
    await filterSource(root, { exclude: ["spec/", "*.log", "src/deep"] });
    expect(await left()).toEqual(["a.js", "doc/e.md", "project.toml", "src/b.js"]);
  });

  it("keeps what is included, and project.toml", async () => {
    await filterSource(root, { include: ["src/", "*.md"] });
    expect(await left()).toEqual(["doc/e.md", "project.toml", "src/b.js", "src/deep/c.js"]);
    expect(await readdir(root)).toEqual(["doc", "project.toml", "src"]);
  });

  it("leaves all when nothing is said", async () => {
    await filterSource(root, {});
    expect(await left()).toHaveLength(7);
  });
});
