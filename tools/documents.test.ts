import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { errorCatalog } from "../contract/src/index.ts";

/** Documents say what is: these tests fail when page and code disagree. */

const ROOT = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(ROOT, path)));

/** The folders that lie directly below one, with a slash at the end. */
function foldersBelow(parent: string): string[] {
  const below = files.filter((path) => path.startsWith(parent)).map((path) => path.slice(parent.length));
  const names = below.filter((rest) => rest.includes("/")).map((rest) => rest.split("/")[0] ?? "");
  return [...new Set(names)].filter((name) => !name.startsWith("."));
}

describe("ARCHITECTURE.md", () => {
  const map = read("ARCHITECTURE.md");
  const named = [...map.matchAll(/`([\w./-]+\/)`/g)].map(([, path]) => path ?? "");
  const source = "platform/src/";
  const existing = [
    ...foldersBelow(""),
    ...foldersBelow(source).flatMap((name) => {
      const below = ["kernel", "http", "compose"].includes(name) ? [] : foldersBelow(`${source}${name}/`);
      const deeper =
        name === "drivers"
          ? below.flatMap((one) => foldersBelow(`${source}drivers/${one}/`).map((last) => `${one}/${last}`))
          : below;
      return [name, ...deeper.map((one) => `${name}/${one}`)];
    }),
  ];

  test("it has at most 200 lines", () => {
    expect(map.split("\n").length).toBeLessThanOrEqual(201);
  });

  test.each(existing)("it names %s/", (folder) => {
    const [parent, child] = folder.split("/");
    const within = named.includes(`${parent}/`) && named.includes(`${child}/`);
    expect(named.includes(`${folder}/`) || within).toBe(true);
  });

  test.each([...new Set(named)])("%s exists", (folder) => {
    const places = ["", source, ...foldersBelow(source).map((name) => `${source}${name}/`)];
    expect(places.some((place) => files.some((path) => path.startsWith(`${place}${folder}`)))).toBe(true);
  });

  test.each([
    ...new Set(
      [...map.matchAll(/`([\w-]+\/[\w./-]+\.(?:ts|mjs|sh|md|json))`/g)].map(([, path]) => path ?? ""),
    ),
  ])("%s exists", (path) => {
    const places = ["", source, ...foldersBelow(source).map((name) => `${source}${name}/`)];
    expect(places.some((place) => files.includes(`${place}${path}`))).toBe(true);
  });
});

describe("settings", () => {
  const declared = ["config.ts", "tls-settings.ts"].flatMap((name) => [
    ...read(`platform/src/compose/${name}`).matchAll(/\(\s*"((?:CONIFER_|DATABASE_)[A-Z_]+)"/g),
  ]);
  const documented = [
    ...read("docs/guides/configuration.md").matchAll(/^\| `((?:CONIFER_|DATABASE_)[A-Z_]+)` \|/gm),
  ];

  test("the guide lists those that the code reads, and no others", () => {
    const names = (found: RegExpMatchArray[]) => [...new Set(found.map(([, name]) => name))].sort();
    expect(names(documented)).toEqual(names(declared));
    expect(declared.length).toBeGreaterThan(10);
  });
});

describe("errors", () => {
  const page = read("docs/reference/errors.md");
  test.each(Object.entries(errorCatalog))("%s is documented with its status", (id, { status }) => {
    expect(page).toContain(`## ${id}\n\nStatus ${status}.`);
  });
});

describe("commands", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const pages = files.filter((path) => /^(?:[^/]+|docs\/guides\/[^/]+)\.md$/.test(path));

  test.each(pages)("%s names no npm script that does not exist", (page) => {
    const used = [...read(page).matchAll(/npm run (?:-s )?([a-z:]+)/g)].map(([, name]) => name ?? "");
    expect(used.filter((name) => !(name in scripts))).toEqual([]);
  });

  test("the README lists every script", () => {
    const readme = read("README.md");
    const missing = Object.keys(scripts).filter(
      (name) => !new RegExp(`npm (?:run (?:-s )?)?${name}\\b`).test(readme),
    );
    expect(missing.filter((name) => name !== "generate")).toEqual([]);
  });

  test("what npm starts stands in nobody's way: every script begins with exec", () => {
    expect(Object.values(scripts).filter((command) => !command.startsWith("exec "))).toEqual([]);
  });
});

describe("links", () => {
  const pages = files.filter((path) => path.endsWith(".md") && !path.startsWith("examples/"));
  test.each(pages)("those of %s lead somewhere", (page) => {
    const targets = [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)].map(
      ([, target]) => target ?? "",
    );
    expect(targets.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
  });
});

describe("decisions", () => {
  const records = files.filter((path) => path.startsWith("docs/decisions/"));

  test("each has a number of its own", () => {
    const numbers = records.map((path) => /\/(\d{4})-[a-z0-9-]+\.md$/.exec(path)?.[1]);
    expect(new Set(numbers).size).toBe(records.length);
    expect(numbers).not.toContain(undefined);
  });

  test.each(records)("%s has its four parts on half a page", (path) => {
    const text = read(path);
    for (const part of ["Context", "Decision", "Consequences", "Rejected"])
      expect(text).toContain(`**${part}.**`);
    expect(text.split("\n").length).toBeLessThanOrEqual(40);
  });
});
