import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PathPattern, pathMatcher } from "./path-pattern.ts";

type Row = readonly [PathPattern["syntax"], string, string, Readonly<Record<string, string>> | undefined];

describe("what a pattern is for", () => {
  it.each<Row>([
    ["any", "*", "/a/b", { splat: "/a/b" }],
    ["any", "/", "/", {}],
    ["any", "/", "/a", undefined],
    ["any", "/*.html", "/a/b.html", { splat: "a/b" }],
    ["any", "/*.html", "/a/b.htm", undefined],
    ["any", "*.js", "/lib/x.js", { splat: "/lib/x" }],
    ["any", "/images/*", "/images/a.png", { splat: "a.png" }],
    ["any", "/images/*", "/images", { splat: "" }],
    ["any", "/images/*", "/imagesx", undefined],
    ["any", "/a:b", "/a:b", {}],
    ["segments", "/*.html", "/a.html", { splat: "a" }],
    ["segments", "/*.html", "/b/a.html", undefined],
    ["segments", "/route/**", "/route/a/b", { splat: "a/b" }],
    ["segments", "/**", "/", { splat: "" }],
    ["segments", "/a/*/c", "/a/b/c", { splat: "b" }],
    ["segments", "/a/*/c", "/a/b/b/c", undefined],
    ["named", "/news/:year/:slug", "/news/2026/hello", { year: "2026", slug: "hello" }],
    ["named", "/news/:year", "/news/2026/11", undefined],
    ["named", "/news/:year", "/news/", undefined],
    ["named", "/old/*", "/old/a/b", { splat: "a/b" }],
    ["named", "/old/*", "/old", { splat: "" }],
    ["named", "/:lang/*", "/en/a/b", { lang: "en", splat: "a/b" }],
  ])("%s %s of %s", (syntax, text, path, captured) => {
    expect(pathMatcher({ syntax, text })(path)).toEqual(captured);
  });
});

describe("for any path", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "/", ".", "*", ":x"), maxLength: 30 });
  const path = fc.string({ unit: fc.constantFrom("a", "b", "/", "."), maxLength: 60 });

  it("a pattern without wildcards is for itself alone", () => {
    fc.assert(
      fc.property(path, path, fc.constantFrom("any", "segments", "named"), (one, other, syntax) => {
        expect(pathMatcher({ syntax, text: one })(other) !== undefined).toBe(one === other);
      }),
    );
  });

  it("it is for the same paths as a regular expression", () => {
    fc.assert(
      fc.property(text, path, (pattern, one) => {
        const source = pattern
          .replace(/[.]/g, "\\.")
          .replace(/\*\*+/g, "\0")
          .replace(/\*/g, "[^/]*")
          .replace(/\0/g, ".*");
        const expected = new RegExp(`^${source}$`);
        const base = /[^*]\/\*\*+$/.test(pattern) || /^\/\*\*+$/.test(pattern);
        const fits = expected.test(one) || (base && !one.endsWith("/") && expected.test(`${one}/`));
        expect(pathMatcher({ syntax: "segments", text: pattern })(one) !== undefined).toBe(fits);
      }),
    );
  });

  it("what wildcards stand for, put in their places, is the path", () => {
    fc.assert(
      fc.property(path, path, (before, rest) => {
        const found = pathMatcher({ syntax: "named", text: `/${before}/*` })(`/${before}/${rest}`);
        expect(found).toEqual({ splat: rest });
      }),
    );
  });
});

it("the time of a hostile path is bounded", () => {
  const matches = pathMatcher({ syntax: "any", text: `${"*a".repeat(20)}b` });
  const began = performance.now();
  for (let i = 0; i < 20; i++) expect(matches(`/${"a".repeat(1000)}`)).toBeUndefined();
  expect(matches(`/${"a".repeat(100_000)}b`)).toBeUndefined();
  expect(performance.now() - began).toBeLessThan(3_000);
});
