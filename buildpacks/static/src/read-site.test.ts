import { symlink, truncate } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Files, makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { planSite, readSiteStatements } from "./read-site.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

async function plan(files: Files) {
  await writeFiles(folder.at, files);
  const read = await readSiteStatements(folder.at);
  const planned = await planSite(folder.at, read);
  return { ...planned, warnings: [...read.warnings, ...planned.warnings] };
}

const PROJECT = "[com.heroku.static-web-server]\n";

describe("how a site is served", () => {
  it("is the standard where nothing is said", async () => {
    expect(await plan({ "index.html": "" })).toEqual({
      root: ".",
      config: {
        ...{
          index: "index.html",
          cleanUrls: true,
          httpsOnly: false,
          notFound: { file: "404.html", status: 404 },
        },
        ...{ headers: [], routes: [], hidden: [] },
      },
      readFrom: [],
      warnings: [],
    });
  });

  it.each<[Files, string]>([
    [{ "project.toml": `${PROJECT}root = "out"\n`, "out/index.html": "" }, "out"],
    [{ "project.toml": `${PROJECT}index = "main.html"\n`, "dist/main.html": "" }, "dist"],
    [{ "project.toml": '[_]\nschema-version = "0.2"\n', "site/index.html": "" }, "site"],
    [{ "static.json": "{}", "public_html/index.html": "" }, "public_html"],
    [{ "static.json": '{"root": "/build/"}', "build/index.html": "" }, "build"],
    [{ "static.json": '{"root": "./"}', "index.html": "" }, "."],
  ])("from the folder of %j", async (files, root) => {
    expect((await plan(files)).root).toBe(root);
  });

  it("is joined from all files, of which none is served", async () => {
    const found = await plan({
      "static.json":
        '{"root": ".", "clean_urls": true, "headers": {"/": {"X-A": "1"}}, "routes": {"/**": "index.html"}}',
      "index.html": "",
      _headers: "/*\n  X-B: 2\n",
      _redirects: "/a /b\n/c /d 418\n",
    });
    expect(found.config.headers.map(({ set }) => set)).toEqual([[["X-A", "1"]], [["X-B", "2"]]]);
    expect(found.config.routes.map(({ kind }) => kind)).toEqual(["file", "redirect"]);
    expect(found.config.hidden).toEqual(["_headers", "_redirects", "static.json"]);
    expect(found.readFrom).toEqual(["static.json", "_headers", "_redirects"]);
    expect(found.warnings.join()).toContain("line 2 of _redirects is passed over");
  });

  it("is said by project.toml before static.json", async () => {
    const found = await plan({
      "project.toml": `${PROJECT}root = "a"\n`,
      "static.json": "not even JSON",
      "a/index.html": "",
    });
    expect([found.root, found.warnings.join()]).toEqual([
      "a",
      expect.stringContaining("static.json is passed over"),
    ]);
  });
});

describe("what cannot be meant", () => {
  it.each<[Files, string]>([
    [{ "about.html": "" }, "The site has no index.html."],
    [
      { "project.toml": `${PROJECT}root = "out"\n` },
      "The site has no index.html in out/, the root that project.toml names.",
    ],
    [
      { "static.json": '{"root": "../secret"}' },
      '"../secret" (root in static.json) leads out of its folder.',
    ],
    [{ "static.json": "{" }, "static.json cannot be read"],
    [{ "static.json": "[]" }, "static.json has to hold an object."],
    [{ "project.toml": "= 1" }, "project.toml cannot be read"],
    [
      { "project.toml": `${PROJECT}root = 1\nindex = 2\n` },
      "  root has to be a text\n  index has to be a text",
    ],
    [{ "project.toml": `${PROJECT}errors.404.file_path = "x.html"\n`, "index.html": "" }, "x.html, the page"],
    [
      { "project.toml": `${PROJECT}errors.404.file_path = "../../etc/passwd"\n`, "index.html": "" },
      "leads out of its folder",
    ],
    [
      { "static.json": '{"root": ".", "routes": {"/a": "../../x"}}', "index.html": "" },
      "leads out of its folder",
    ],
    [{ "index.html": "", _headers: "X: 1\n" }, "_headers cannot be used"],
    [{ "index.html": "", _redirects: "/a /b\n".repeat(501) }, "there are 501 rules; 500 are the most"],
  ])("%j", async (files, message) => {
    await expect(plan(files)).rejects.toThrow(message);
  });

  it("is told when a file is too large", async () => {
    await writeFiles(folder.at, { "index.html": "", _redirects: "" });
    await truncate(path.join(folder.at, "_redirects"), 300_000);
    await expect(plan({})).rejects.toThrow("_redirects has 300000 bytes");
  });

  it("is no file that leads elsewhere in a circle", async () => {
    await writeFiles(folder.at, { "index.html": "" });
    await symlink("_headers", path.join(folder.at, "_headers"));
    expect((await plan({})).readFrom).toEqual([]);
  });
});
