import { mkdir, symlink } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { cacheControl, findFile, regularFile, toFile, typeOf } from "./site-files.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let top: string;
beforeAll(async () => {
  folder = await makeFolder();
  top = path.join(folder.at, "public");
  await writeFiles(folder.at, {
    "secret.txt": "outside",
    "public.html": "a sibling named as the folder",
    "public/index.html": "start",
    "public/about.html": "about",
    "public/docs/index.html": "docs",
    "public/both.html": "file",
    "public/both/index.html": "folder",
    "public/a b/ü.txt": "odd name",
    "public/.env": "hidden",
    "public/.git/config": "hidden",
    "public/.well-known/acme": "allowed",
  });
  await symlink("../secret.txt", path.join(top, "leak.txt"));
  await symlink("..", path.join(top, "up"));
  await symlink("about.html", path.join(top, "alias.html"));
  await mkdir(path.join(top, "empty"));
});
afterAll(() => folder.remove());

describe("the file a path names", () => {
  it.each([
    ["/", ""],
    ["/a", "/a"],
    ["/a/", "/a"],
    ["/a//b", "/a/b"],
    ["/a%20b", "/a b"],
    ["/%C3%BC", "/ü"],
    ["/a%2Fb", "/a/b"],
    ["/a+b", "/a+b"],
    ["/a\\..\\b", "/a\\..\\b"],
    ["/.well-known/x", "/.well-known/x"],
    ["", ""],
  ])("%s", (pathname, file) => {
    expect(toFile("/site", pathname)).toBe(`/site${file}`);
  });

  it.each([
    "/..",
    "/../secret.txt",
    "/a/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/%2e%2e%2fsecret.txt",
    "/a/%2E%2E/b",
    "/./a",
    "/.env",
    "/.git/config",
    "/a/.hidden/b",
    "/%2egit/config",
    "/.well-known/../.env",
    "/%00",
    "/a%00.html",
    "/%",
    "/%zz",
    "/%c3",
  ])("is none for %s", (pathname) => {
    expect(toFile("/site", pathname)).toBeUndefined();
  });
});

describe("what a path means", () => {
  it.each([
    ["/", "index.html", true],
    ["/index.html", "index.html", false],
    ["/about", "about.html", false],
    ["/about.html", "about.html", false],
    ["/docs", "docs/index.html", true],
    ["/docs/", "docs/index.html", true],
    ["/both", "both.html", false],
    ["/a%20b/%C3%BC.txt", "a b/ü.txt", false],
    ["/alias", "about.html", false],
    ["/.well-known/acme", ".well-known/acme", false],
  ])("%s is %s", async (pathname, file, isFolder) => {
    expect(await findFile(top, pathname)).toMatchObject({ path: path.join(top, file), isFolder });
  });

  it.each([
    ["nothing", "/none"],
    ["a folder without a page", "/empty"],
    ["a hidden file", "/.env"],
    ["a link out of the site", "/leak.txt"],
    ["a linked folder above the site", "/up/secret.txt"],
    ["a path that goes on below a file", "/about.html/more"],
    ["too long a name", `/${"x".repeat(5000)}`],
  ])("is nothing for %s", async (_name, pathname) => {
    expect(await findFile(top, pathname)).toBeUndefined();
  });

  it("tells size and time of the file", async () => {
    const file = await regularFile(top, path.join(top, "about.html"));
    expect(file).toMatchObject({ size: 5, modified: expect.any(Number) });
    expect(await regularFile(top, top)).toBeUndefined();
  });
});

describe("how long a copy is good", () => {
  it.each(["/a/app-4f3a2b1c.js", "/main.8d1f3e2a.css", "/font-Ab12Cd34.woff2", "/img.0123456789abcdef.png"])(
    "for ever: %s",
    (file) => {
      expect(cacheControl(file)).toBe("public, max-age=31536000, immutable");
    },
  );

  it.each([
    "/index.html",
    "/app.js",
    "/jquery-3.7.1.js",
    "/bootstrap-icons.css",
    "/some-longwords.js",
    "/a-4f3a2b1c.html",
  ])("until asked again: %s", (file) => {
    expect(cacheControl(file)).toBe("public, no-cache");
  });
});

it.each([
  ["/a.HTML", "text/html; charset=utf-8"],
  ["/a.js", "text/javascript; charset=utf-8"],
  ["/a.svg", "image/svg+xml"],
  ["/a.unknown", "application/octet-stream"],
  ["/a", "application/octet-stream"],
])("the type of %s is %s", (file, type) => {
  expect(typeOf(file)).toBe(type);
});
