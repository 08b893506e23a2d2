import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headerProblem, isTarget, type Route } from "./site-config.ts";
import { siteRules } from "./site-rules.ts";

const redirect = (from: string, to: string, more: Partial<Route> = {}): Route =>
  ({
    kind: "redirect",
    pattern: { syntax: "named", text: from },
    to,
    status: 301,
    force: false,
    ...more,
  }) as Route;
const page = (from: string, file: string, more: Partial<Route> = {}): Route =>
  ({
    kind: "file",
    pattern: { syntax: "segments", text: from },
    file,
    status: 200,
    force: false,
    ...more,
  }) as Route;
const rules = (...routes: readonly Route[]) => siteRules({ headers: [], routes });

describe("where a path leads", () => {
  it.each([
    [redirect("/a", "/b"), "/a", "", "/b"],
    [redirect("/a", "/b"), "/a", "?x=1", "/b?x=1"],
    [redirect("/a", "/b?y=2"), "/a", "?x=1", "/b?y=2"],
    [redirect("/old/*", "/new/:splat"), "/old/x/y", "", "/new/x/y"],
    [redirect("/old/*", "/new/:splat"), "/old/ü &\r\nX: y", "", "/new/%C3%BC%20%26%0D%0AX%3A%20y"],
    [redirect("/n/:year/:slug", "/:slug-:year"), "/n/26/hi", "", "/hi-26"],
    [redirect("/a", "/:constructor"), "/a", "", "/:constructor"],
    [redirect("/old/*", "https://other.example/:splat"), "/old/x", "?q", "https://other.example/x?q"],
    [redirect("/old/*", "/:splat"), "/old//evil.example", "", "/evil.example"],
    [redirect("/old/*", "/:splat"), "/old/\\evil.example", "", "/%5Cevil.example"],
  ])("%j for %s%s", (route, path, query, location) => {
    expect(rules(route).route(path, query, false)).toEqual({ kind: "redirect", location, status: 301 });
  });

  it("is decided by the first route, and by a file that is there before those that are not forced", () => {
    const both = rules(redirect("/a", "/one"), redirect("/a", "/two"));
    expect(both.route("/a", "", false)).toMatchObject({ location: "/one" });
    expect(both.route("/a", "", true)).toBeUndefined();
    const forced = rules(redirect("/a", "/one"), redirect("/a", "/two", { force: true }));
    expect(forced.route("/a", "", true)).toMatchObject({ location: "/two" });
  });

  it("may be a file of the site, except below a path", () => {
    const spa = rules(page("/spa/**", "index.html", { except: "/spa/assets/" }));
    expect(spa.route("/spa/a/b", "", false)).toEqual({ kind: "file", file: "index.html", status: 200 });
    expect(spa.route("/spa/assets/x.js", "", false)).toBeUndefined();
    expect(spa.route("/other", "", false)).toBeUndefined();
  });

  it("stays on the site, whatever is asked for", () => {
    const all = rules(redirect("/x/*", "/:splat", { force: true }));
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (rest) => {
        const found = all.route(`/x/${rest}`, "", false);
        const location = found?.kind === "redirect" ? found.location : "";
        expect(location).toMatch(/^\/[\x21-\x7e]*$/);
        expect(new URL(location, "https://site.example").host).toBe("site.example");
      }),
    );
  });
});

describe("headers", () => {
  const { headers } = siteRules({
    routes: [],
    headers: [
      {
        pattern: { syntax: "any", text: "*" },
        set: [
          ["X-All", "1"],
          ["Cache-Control", "no-store"],
        ],
      },
      { pattern: { syntax: "any", text: "/img/*" }, set: [["cache-control", "max-age=9"]] },
      {
        pattern: { syntax: "any", text: "/bad" },
        set: [
          ["X-Bad", "a\r\nSet-Cookie: b"],
          ["Content-Length", "1"],
          ["a b", "c"],
        ],
      },
    ],
  });
  it.each([
    ["/", { "x-all": "1", "cache-control": "no-store" }],
    ["/img/a.png", { "x-all": "1", "cache-control": "max-age=9" }],
    ["/bad", { "x-all": "1", "cache-control": "no-store" }],
  ])("of %s", (path, expected) => {
    expect(headers(path)).toEqual(expected);
  });
});

it.each([
  ["X-Frame-Options", "DENY", undefined],
  ["X", "", undefined],
  ["X", "caf\u00e9", undefined],
  ["X Y", "a", "its name holds characters that names may not"],
  ["", "a", "its name holds characters that names may not"],
  ["X", "a\nb", "its value holds characters that values may not"],
  ["X", "a\0", "its value holds characters that values may not"],
  ["X", "\u2603", "its value holds characters that values may not"],
  ["X", "a".repeat(9000), "its value holds characters that values may not"],
  ["Transfer-Encoding", "chunked", "the server sets it itself"],
])("the header %j: %j", (name, value, problem) => {
  expect(headerProblem(name, value)).toBe(problem);
});

it.each([
  ["/a", true],
  ["https://a.example", true],
  ["https://a.example:8080/x?y#z", true],
  ["https://:host/a", false],
  ["https://a.example\\@b.example", false],
  ["https://user@a.example", false],
  ["//a.example", true],
  ["javascript:alert(1)", false],
  ["/a b", false],
  ["/a\r\nX: y", false],
  ["a", false],
])("%j is a target: %s", (to, good) => {
  expect(isTarget(to)).toBe(good);
});
