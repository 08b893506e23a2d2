import type { Stats } from "node:fs";
import fc from "fast-check";
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

  it.each([["."], ["/app"], ["./"], ["*"]])("%s is the whole folder", (path) => {
    const [slice, rest] = divide([[path]]);
    expect(slice).toBe("/ /a.txt /lib /lib/x.js /lib/y.js /mods /mods/m /mods/m/i.js");
    expect(rest).toBe("");
  });

  it("puts every file into exactly one layer, whatever the slices (launch.toml: preceding slices take)", () => {
    const glob = fc.constantFrom(".", "*", "lib", "lib/*", "lib/x.js", "mods/*/i.js", "*/m", "?.txt", "none");
    fc.assert(
      fc.property(fc.array(fc.array(glob, { maxLength: 3 }), { maxLength: 4 }), (slices) => {
        const files = divide(slices).flatMap((part) => part.split(" ").filter((name) => /\.\w+$/.test(name)));
        expect(files.toSorted()).toEqual(["/a.txt", "/lib/x.js", "/lib/y.js", "/mods/m/i.js"]);
      }),
    );
  });

  it.each([["../out"], ["a/../../out"], ["/etc"], ["/apple/x"], ["/app/../etc"]])("refuses %s", (path) => {
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
    ["\\d.js", "d.js", true],
    ["\\d.js", "1.js", false],
    ["[\\]]", "]", true],
    ["[\\-x]", "-", true],
    ["[\\-x]", "b", false],
    ["[a-]", "-", true],
    ["[z-a]", "b", false],
    ["[^a]", "/", false],
    ["[.]", "x", false],
    ["a]b", "a]b", true],
    ["?.js", "😀.js", true],
    ["[😀-😂].js", "😁.js", true],
    ["*-b", "a\u2028-b", true],
    ["{a,b}", "{a,b}", true],
    ["", "", true],
  ];
  it.each(cases)("%s on %s: %s", (glob, path, matches) => {
    expect(globPattern(glob).test(path)).toBe(matches);
  });

  it.each(["[", "[]", "a[b", "[^]", "\\", "x\\"])("%s is a bad pattern", (glob) => {
    expect(() => globPattern(glob)).toThrow(`the slice "${glob}" is not a glob`);
  });

  it("matches any text by its characters, each behind a backslash", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (text, other) => {
        const pattern = globPattern([...text].map((character) => `\\${character}`).join(""));
        expect(pattern.test(text)).toBe(true);
        expect(pattern.test(other)).toBe(other === text);
      }),
    );
  });
});
