import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Remarks } from "./site-statements.ts";
import { readStaticJson } from "./static-json.ts";

function read(document: Readonly<Record<string, unknown>>) {
  const remarks: Remarks = { problems: [], warnings: [] };
  return { ...readStaticJson(document, remarks), ...remarks };
}

describe("static.json", () => {
  it("has the classic buildpack's defaults", () => {
    expect(read({})).toEqual({
      ...{ root: "public_html/", cleanUrls: false, httpsOnly: undefined, notFound: undefined },
      ...{ headers: [], routes: [], problems: [], warnings: [] },
    });
  });

  it("is read as the classic buildpack reads it", () => {
    const found = read({
      root: "dist/",
      clean_urls: true,
      https_only: true,
      error_page: "errors/error.html",
      redirects: { "/old/gone/": { url: "/", status: 302 }, "/older": { url: "https://a.example/" } },
      routes: { "/*.html": "index.html", "/spa/**": { path: "spa.html", except: "/spa/assets/" } },
      headers: { "/assets/**": { "Cache-Control": "public, max-age=512000" } },
    });
    expect(found).toMatchObject({
      root: "dist/",
      cleanUrls: true,
      httpsOnly: true,
      problems: [],
      warnings: [],
    });
    expect(found.notFound).toEqual({ file: "errors/error.html", status: 404 });
    const segments = (text: string) => ({ syntax: "segments", text });
    expect(found.headers).toEqual([
      { pattern: segments("/assets/**"), set: [["Cache-Control", "public, max-age=512000"]] },
    ]);
    expect(found.routes).toEqual([
      { kind: "redirect", pattern: segments("/old/gone/"), to: "/", status: 302, force: true },
      { kind: "redirect", pattern: segments("/older"), to: "https://a.example/", status: 301, force: true },
      {
        kind: "file",
        pattern: segments("/*.html"),
        file: "index.html",
        status: 200,
        force: false,
        except: undefined,
      },
      {
        ...{ kind: "file", pattern: segments("/spa/**"), file: "spa.html", status: 200, force: false },
        except: "/spa/assets/",
      },
    ]);
  });

  it.each([
    [{ root: 1 }, "root has to be a text"],
    [{ https_only: "yes" }, "https_only has to be true or false"],
    [{ routes: { "/a": 1 } }, 'routes."/a" has to name a file'],
    [{ routes: { "/a": { path: "x", except: 2 } } }, 'routes."/a" has to name a file'],
    [{ redirects: { "/a": "/b" } }, 'redirects."/a".url has to be a path'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as the classic buildpack writes variables
    [{ redirects: { "/a": { url: "${HOST}/x" } } }, "variables are not filled in"],
    [{ redirects: { "/a": { url: "/b", status: 200 } } }, 'redirects."/a".status is none of a redirect'],
    [{ headers: { "/": { "X-A": "a\r\nb" } } }, "its value holds characters"],
  ])("%j is a problem", (document, problem) => {
    expect(read(document).problems.join()).toContain(problem);
  });

  it.each([
    [
      { proxies: { "/api/": { origin: "https://a.example" } } },
      "proxies are not supported: call the other app",
    ],
    [{ basic_auth: true }, "basic_auth is not supported and passed over"],
  ])("%j is passed over, and told", (document, warning) => {
    expect(read(document).warnings.join()).toContain(warning);
  });

  it("of any JSON is read or refused", () => {
    const keys = fc.constantFrom(
      "root",
      "routes",
      "redirects",
      "headers",
      "error_page",
      "proxies",
      "__proto__",
    );
    fc.assert(
      fc.property(fc.dictionary(keys, fc.jsonValue()), (document) => {
        const { routes, headers } = read(document);
        expect(Array.isArray(routes) && Array.isArray(headers)).toBe(true);
      }),
    );
  });
});
