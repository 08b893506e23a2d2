import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headerProblem, isTarget } from "../launch/site-config.ts";
import { readHeadersFile, readRedirectsFile } from "./netlify-files.ts";
import type { Remarks } from "./site-statements.ts";

const remarks = (): Remarks => ({ problems: [], warnings: [] });
const named = (text: string) => ({ syntax: "named", text });

describe("_headers", () => {
  it("has paths, and headers below them", () => {
    const text = "# ours\n/*\n  X-Frame-Options: DENY\n\tX-A: 1\r\n\n/a/:b\n  Link: <a>\n  link: <b>\n";
    const said = remarks();
    expect(readHeadersFile(text, said)).toEqual([
      {
        pattern: named("/*"),
        set: [
          ["X-Frame-Options", "DENY"],
          ["X-A", "1"],
        ],
      },
      { pattern: named("/a/:b"), set: [["link", "<a>, <b>"]] },
    ]);
    expect(said).toEqual({ problems: [], warnings: [] });
  });

  it.each([
    ["  X-A: 1\n", "line 1 of _headers is no header below a path"],
    ["/a\n  no header\n", "line 2 of _headers is no header below a path"],
    ["X-A: 1\n", "line 1 of _headers is neither a path nor indented"],
    ["/a\n  X A: 1\n", 'the header "X A" cannot be sent'],
    ["/a\n  Connection: close\n", "the server sets it itself"],
  ])("%j is a problem", (text, problem) => {
    const said = remarks();
    readHeadersFile(text, said);
    expect(said.problems.join()).toContain(problem);
  });

  it("cannot ask for a password, and that is told", () => {
    const said = remarks();
    expect(readHeadersFile("/a\n  Basic-Auth: a:b\n", said)).toEqual([{ pattern: named("/a"), set: [] }]);
    expect(said.warnings.join()).toContain("the pages are open to all");
  });
});

describe("_redirects", () => {
  const base = { force: false };
  it.each([
    ["/a /b", { kind: "redirect", pattern: named("/a"), to: "/b", status: 301, ...base }],
    ["/a  /b 302 # why", { kind: "redirect", pattern: named("/a"), to: "/b", status: 302, ...base }],
    ["/a /b 301!", { kind: "redirect", pattern: named("/a"), to: "/b", status: 301, force: true }],
    [
      "/a https://b.example/c",
      { kind: "redirect", pattern: named("/a"), to: "https://b.example/c", status: 301, ...base },
    ],
    ["/* /index.html 200", { kind: "file", pattern: named("/*"), file: "index.html", status: 200, ...base }],
    [
      "/x/* /no.html 404!",
      { kind: "file", pattern: named("/x/*"), file: "no.html", status: 404, force: true },
    ],
  ])("%s", (line, route) => {
    const said = remarks();
    expect(readRedirectsFile(`# all\n\n${line}\n`, said)).toEqual([route]);
    expect(said.warnings).toEqual([]);
  });

  it.each([
    ["/a", "not of the form"],
    ["/a /b abc", "not of the form"],
    ["/a id=:id /b 301", "not of the form"],
    ["/a /b 302 Country=de", "not of the form"],
    ["/a /b 418", "the status 418 is not supported"],
    ["/api/* https://b.example/:splat 200", "content of other hosts"],
    ["https://a.example/* /b", "rules for other hosts"],
    ["/a javascript:x", "its target is neither"],
    ["/a https://:splat/x", "its target is neither"],
    ["/:a /:a.html 200", "depends on the address"],
  ])("%s is passed over, and told", (line, why) => {
    const said = remarks();
    expect(readRedirectsFile(`/x /y\n${line}\n`, said)).toHaveLength(1);
    expect(said.warnings.join()).toContain("line 2 of _redirects is passed over");
    expect(said.warnings.join()).toContain(why);
  });
});

it("nothing that could not be sent is read from any text", () => {
  const text = fc.string({
    unit: fc.constantFrom("/", "a", ":", " ", "\n", "\r", "\0", "*", "200", "301", "https://", "é"),
  });
  fc.assert(
    fc.property(text, (one) => {
      for (const { set } of readHeadersFile(one, remarks())) {
        for (const [name, value] of set) expect(headerProblem(name, value)).toBeUndefined();
      }
      for (const route of readRedirectsFile(one, remarks())) {
        if (route.kind === "redirect") expect(isTarget(route.to)).toBe(true);
      }
    }),
  );
});
