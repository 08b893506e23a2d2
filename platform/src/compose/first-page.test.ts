import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";
import {
  type FirstPage,
  firstPageHtml,
  firstPageText,
  makeFirstPage,
  readFirstPage,
  writeFirstPage,
} from "./first-page.ts";
import { makeHomeFolders } from "./supervisor-home.ts";

const config = readConfig({ CONIFER_HOME: "/home/me/.conifer", CONIFER_PORT: "6400" });
const page = (given: Partial<FirstPage> = {}): FirstPage => ({
  ...makeFirstPage({
    config,
    email: "me@example.com",
    clone: "/src/conifer",
    isolation: [
      { what: "memory", state: "sampled", detail: "every second", howToGetMore: "start as root" },
      { what: "files", state: "enforced", detail: "a view of its own" },
    ],
  }),
  ...given,
});

/** Item by item what a first page has to say, in either form. */
const SAYS = [
  "http://localhost:6400",
  "me@example.com",
  "/home/me/.conifer/access.json",
  "sampled",
  "start as root",
  'eval "$(CONIFER_HOME=/home/me/.conifer npm run -s env)"',
  "heroku login -i",
  "heroku create",
  "git push heroku main",
  "heroku open",
  "npm install -g heroku@11.10.0",
  "talks to heroku.com",
  "npm run -s heroku -- ",
  "heroku create -r conifer",
  "git push conifer main",
];

describe("in the terminal", () => {
  test("the first line is what scripts wait for", () => {
    expect(firstPageText(page(), false)).toMatch(/^Conifer is ready/);
  });

  test.each(SAYS)("it says: %s", (text) => {
    expect(firstPageText(page(), false)).toContain(text);
  });

  test("without color there is no escape sequence; with it the text is the same", () => {
    const plain = firstPageText(page(), false);
    expect(plain).not.toContain("\x1b");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences are what is taken off
    expect(firstPageText(page(), true).replace(/\x1b\[\d+m/g, "")).toBe(plain);
  });

  test("a host that told nothing leaves no empty heading", () => {
    expect(firstPageText(page({ isolation: [] }), false)).not.toContain("What keeps apps apart");
  });

  test("no line ends in spaces", () => {
    expect(firstPageText(page(), false)).not.toMatch(/ $/m);
  });
});

test("the usual home needs no variable", () => {
  const usual = readConfig({ CONIFER_HOME: join(homedir(), ".conifer") });
  const made = makeFirstPage({ config: usual, email: undefined, clone: "/src/conifer", isolation: [] });
  expect(made.point).toBe('eval "$(npm run -s env)"');
  expect(firstPageText(made, false)).toContain("as made before, password in");
});

describe("in a browser", () => {
  const plain = (html: string) =>
    html
      .replace(/<[^>]+>/g, "")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&amp;", "&");

  test.each(SAYS)("it says: %s", (text) => {
    expect(plain(firstPageHtml(page()))).toContain(text);
  });

  test("what comes from outside is text", () => {
    const html = firstPageHtml(page({ email: '<script>"&' }));
    expect(html).toContain("&lt;script&gt;&quot;&amp;");
    expect(html).not.toContain("<script>");
  });

  test("it loads nothing from anywhere", () => {
    expect(firstPageHtml(page())).not.toMatch(/src=|href=|@import|url\(/);
  });
});

test("the page is found by the roles; before it is there a page says so", () => {
  const root = mkdtempSync(join(tmpdir(), "conifer-page-"));
  const { home } = readConfig({ CONIFER_HOME: root });
  makeHomeFolders(home);
  expect(readFirstPage(home)).toContain("Conifer is starting");
  writeFirstPage(home, page());
  expect(readFirstPage(home)).toBe(firstPageHtml(page()));
  rmSync(root, { recursive: true });
});
