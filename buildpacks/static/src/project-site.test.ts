import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { readProjectSite } from "./project-site.ts";
import type { Fields, Remarks } from "./site-statements.ts";

function read(toml: string) {
  const remarks: Remarks = { problems: [], warnings: [] };
  return { ...readProjectSite(parse(toml) as Fields, remarks), ...remarks };
}

describe("the table of project.toml", () => {
  it("says nothing when it is empty", () => {
    expect(read("")).toMatchObject({ headers: [], routes: [], problems: [], warnings: [] });
  });

  it("names folder, page, what is not there, headers and a command", () => {
    const found = read(`
root = "out"
index = "main.html"
redirect_to_https = true
[errors.404]
file_path = "index.html"
status = 200
[headers."*"]
X-Server = "hot stuff"
[headers."/images/*"]
Cache-Control = "max-age=31536000, immutable"
[build]
command = "sh"
args = ["-c", "hugo"]
[caddy_server_opts]
clean_urls = false
`);
    expect(found).toEqual({
      root: "out",
      index: "main.html",
      cleanUrls: false,
      httpsOnly: true,
      notFound: { file: "index.html", status: 200 },
      headers: [
        { pattern: { syntax: "any", text: "*" }, set: [["X-Server", "hot stuff"]] },
        {
          pattern: { syntax: "any", text: "/images/*" },
          set: [["Cache-Control", "max-age=31536000, immutable"]],
        },
      ],
      routes: [],
      build: ["sh", "-c", "hugo"],
      problems: [],
      warnings: [],
    });
  });

  it("may hold redirects", () => {
    expect(read('[[redirects]]\nfrom = "/old/*"\nto = "/new/:splat"\nstatus = 302\n').routes).toEqual([
      {
        ...{ kind: "redirect", pattern: { syntax: "named", text: "/old/*" } },
        ...{ to: "/new/:splat", status: 302, force: true },
      },
    ]);
  });

  it.each([
    ["root = 3", "root has to be a text"],
    ['clean_urls = "yes"', "clean_urls has to be true or false"],
    ['errors.404.status = "200"', "errors.404.status has to be a number"],
    ["errors.404.status = 500", "errors.404.status has to be 404 or 200"],
    ["headers = 1", "headers has to be a table"],
    ['headers."/" = 1', 'headers."/" has to be a table'],
    ['headers."/"."X Y" = "a"', 'the header "X Y" cannot be sent: its name'],
    ['headers."/".Content-Length = "1"', "the server sets it itself"],
    ['headers."/".X = "a\\nb"', "its value holds characters"],
    ['headers."/".X = ["a"]', "its value has to be a text"],
    ['redirects = "x"', "redirects has to be a list"],
    ['[[redirects]]\nfrom = "/a"', "redirect 1 needs from and to"],
    ['[[redirects]]\nfrom = "/a"\nto = "javascript:x"', "redirect 1 needs from and to"],
    ['[[redirects]]\nfrom = "/a"\nto = "/b"\nstatus = 200', "redirect 1 has the status 200"],
    ['build = { command = "x", args = [1] }', "build.args has to be a list of texts"],
  ])("%s is a problem", (toml, problem) => {
    expect(read(toml).problems.join()).toContain(problem);
  });

  it.each([
    ["colour = 1", "colour is not known"],
    ["[caddy_server_opts]\ntemplates = true", "caddy_server_opts.templates is not supported"],
    ["[runtime_config]\nhtml_files = []", "runtime_config is not supported"],
  ])("%s is passed over", (toml, warning) => {
    expect(read(toml).warnings.join()).toContain(warning);
  });

  it("may say that runtime configuration is off", () => {
    expect(read("[runtime_config]\nenabled = false").warnings).toEqual([]);
  });
});
