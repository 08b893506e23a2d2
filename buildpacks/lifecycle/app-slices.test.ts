import type { Stats } from "node:fs";
import { describe, expect, it } from "vitest";
import { divideApp, globPattern } from "./app-slices.ts";
import type { Found } from "./tree-entries.ts";

const found = (path: string): Found => ({
  path: path.replace(/\/$/, ""),
  stats: { isDirectory: () => path.endsWith("/") } as Stats,
});
const APP = [
  "/app/",
  "/app/a.txt",
  "/app/lib/",
  "/app/lib/x.js",
  "/app/lib/y.js",
  "/app/mods/",
  "/app/mods/m/",
  "/app/mods/m/i.js",
];
const divide = (slices: readonly (readonly string[])[]) =>
  divideApp("/app", APP.map(found), slices).map((part) =>
    part.map(({ path }) => path.slice("/app".length) || "/").join(" "),
  );

describe("dividing the application", () => {
  const cases: readonly [string, readonly (readonly string[])[], readonly string[]][] = [
    ["no slices: one layer", [], ["/ /a.txt /lib /lib/x.js /lib/y.js /mods /mods/m /mods/m/i.js"]],
    [
      "a folder with all below",
      [["mods"]],
      ["/ /mods /mods/m /mods/m/i.js", "/ /a.txt /lib /lib/x.js /lib/y.js"],
    ],
    ["a glob", [["lib/*.js"]], ["/ /lib /lib/x.js /lib/y.js", "/ /a.txt /lib /mods /mods/m /mods/m/i.js"]],
    [
      "an absolute path",
      [["/app/a.txt"]],
      ["/ /a.txt", "/ /lib /lib/x.js /lib/y.js /mods /mods/m /mods/m/i.js"],
    ],
    [
      "the first slice takes it",
      [["lib/x.js"], ["lib"]],
      ["/ /lib /lib/x.js", "/ /lib /lib/y.js", "/ /a.txt /mods /mods/m /mods/m/i.js"],
    ],
    [
      "a slice of nothing makes no layer",
      [["none"]],
      ["/ /a.txt /lib /lib/x.js /lib/y.js /mods /mods/m /mods/m/i.js"],
    ],
  ];
  it.each(cases)("%s", (_, slices, expected) => {
    expect(divide(slices)).toEqual(expected);
  });

  it.each([["../out"], ["a/../../out"], ["/etc"]])("refuses %s", (path) => {
    expect(() => divide([[path]])).toThrow(/application folder/);
  });
});

describe("the globs of Go's filepath.Match", () => {
  const cases: readonly [string, string, boolean][] = [
    ["*.js", "a.js", true],
    ["*.js", "b/a.js", false],
    ["b/*", "b/a.js", true],
    ["?.js", "a.js", true],
    ["?.js", "ab.js", false],
    ["[ab].js", "a.js", true],
    ["[^ab].js", "c.js", true],
    ["[^ab].js", "a.js", false],
    ["[a-c].js", "b.js", true],
    ["a\\*.js", "a*.js", true],
    ["a\\*.js", "ab.js", false],
    ["a+(b).js", "a+(b).js", true],
  ];
  it.each(cases)("%s on %s: %s", (glob, path, matches) => {
    expect(globPattern(glob).test(path)).toBe(matches);
  });
});
