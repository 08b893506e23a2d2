import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { symlink, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import type { SiteConfig } from "./site-config.ts";

// The server with settings, as a process of its own.

const SERVER = path.join(import.meta.dirname, "static-server.ts");
const BIG = "x".repeat(2 * 1024 * 1024);

let folder: Awaited<ReturnType<typeof makeFolder>>;
let children: ChildProcess[] = [];
let port: number;

const CONFIG: Partial<SiteConfig> = {
  cleanUrls: false,
  index: "main.html",
  notFound: { file: "oops.html", status: 404 },
  hidden: ["_headers"],
  headers: [
    { pattern: { syntax: "any", text: "*" }, set: [["X-Everywhere", "yes"]] },
    {
      pattern: { syntax: "any", text: "/style.css" },
      set: [
        ["Cache-Control", "max-age=5"],
        ["Vary", "Origin"],
        ["Content-Type", "text/plain"],
      ],
    },
  ],
  routes: [
    {
      kind: "redirect",
      pattern: { syntax: "named", text: "/old/*" },
      to: "/:splat",
      status: 302,
      force: true,
    },
    {
      kind: "redirect",
      pattern: { syntax: "named", text: "/about.html" },
      to: "/x",
      status: 301,
      force: false,
    },
    {
      kind: "file",
      pattern: { syntax: "segments", text: "/app/**" },
      file: "app/main.html",
      status: 200,
      force: false,
    },
    {
      kind: "file",
      pattern: { syntax: "segments", text: "/out" },
      file: "leak.html",
      status: 200,
      force: true,
    },
  ],
};

async function serve(config: Partial<SiteConfig>): Promise<number> {
  const settings = path.join(folder.at, `site-${children.length}.json`);
  await writeFile(settings, JSON.stringify(config));
  const child = spawn(process.execPath, [SERVER, path.join(folder.at, "site"), settings], {
    env: { PATH: process.env.PATH, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  return Number(/on port (\d+)/.exec(line)?.[1]);
}

beforeAll(async () => {
  folder = await makeFolder();
  await writeFiles(folder.at, {
    "secret.html": "outside",
    "site/main.html": "start",
    "site/about.html": "about",
    "site/oops.html": "not here",
    "site/style.css": "css ".repeat(400),
    "site/app/main.html": "the app",
    "site/app/real.js": "real",
    "site/packed.js": "plain ".repeat(400),
    "site/big.js": BIG,
    "site/_headers": "settings",
  });
  await symlink("../secret.html", path.join(folder.at, "site/leak.html"));
  const at = (name: string) => path.join(folder.at, "site", name);
  await writeFile(at("packed.js.br"), brotliCompressSync("brotli form"));
  await writeFile(at("packed.js.gz"), gzipSync("gzip form"));
  await writeFile(at("big.js.gz"), gzipSync(BIG));
  await symlink("../../secret.html", at("big.js.br"));
  port = await serve(CONFIG);
});
afterAll(async () => {
  for (const child of children) {
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }
  children = [];
  await folder.remove();
});

async function ask(target: string, headers: Record<string, string> = {}, at = port) {
  const asked = request({ host: "127.0.0.1", port: at, path: target, headers, agent: false }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  const body = await buffer(answer);
  return { status: answer.statusCode, headers: answer.headers, body: String(body), bytes: body };
}

describe("pages", () => {
  it.each([
    ["/", 200, "start"],
    ["/about", 404, "not here"],
    ["/about.html", 200, "about"],
    ["/none", 404, "not here"],
    ["/_headers", 404, "not here"],
    ["/app/any/page", 200, "the app"],
    ["/app/real.js", 200, "real"],
    ["/app", 308, ""],
  ])("%s: %i %s", async (target, status, body) => {
    expect(await ask(target)).toMatchObject({ status, body });
  });

  it("a route to a file outside the site finds nothing", async () => {
    expect(await ask("/out")).toMatchObject({ status: 404, body: "not here" });
  });

  it("may be one for whatever is not there", async () => {
    const spa = await serve({ index: "main.html", notFound: { file: "main.html", status: 200 } });
    expect(await ask("/any/page", {}, spa)).toMatchObject({ status: 200, body: "start" });
    expect(await ask("/about", {}, spa)).toMatchObject({ status: 200, body: "about" });
  });
});

describe("redirects", () => {
  it.each([
    ["/old/a/b?c=d", "/a/b?c=d"],
    ["/old//evil.example", "/evil.example"],
    ["/old/%5Cevil.example", "/%5Cevil.example"],
    ["/old/%0D%0ASet-Cookie:%20a=b", "/%0D%0ASet-Cookie%3A%20a%3Db"],
  ])("%s leads to %s", async (target, location) => {
    const answer = await ask(target);
    expect(answer).toMatchObject({ status: 302, headers: { location, "x-everywhere": "yes" } });
    expect(answer.headers["set-cookie"]).toBeUndefined();
  });
});

describe("headers", () => {
  it.each(["/", "/none", "/old/x", "/app"])("are those of the site at %s", async (target) => {
    expect((await ask(target)).headers["x-everywhere"]).toBe("yes");
  });

  it("win over the server's, and what an answer varies by is joined", async () => {
    const { headers } = await ask("/style.css", { "accept-encoding": "gzip" });
    expect(headers).toMatchObject({
      ...{ "cache-control": "max-age=5", vary: "Accept-Encoding, Origin", "content-type": "text/plain" },
      "content-encoding": "gzip",
    });
    expect((await ask("/style.css", { "if-none-match": headers.etag ?? "" })).status).toBe(304);
  });
});

describe("files that are compressed already", () => {
  it.each([
    ["br, gzip", "br", brotliCompressSync("brotli form")],
    ["gzip", "gzip", gzipSync("gzip form")],
  ])("are sent to those who take %s", async (accepted, encoding, bytes) => {
    const answer = await ask("/packed.js", { "accept-encoding": accepted });
    expect(answer.headers).toMatchObject({ "content-encoding": encoding, vary: "Accept-Encoding" });
    expect(answer.headers["content-type"]).toBe("text/javascript; charset=utf-8");
    expect(answer.bytes.equals(bytes)).toBe(true);
  });

  it("are left for those who take none", async () => {
    expect((await ask("/packed.js")).body).toBe("plain ".repeat(400));
  });

  it("may be large, and are never links that lead out", async () => {
    const answer = await ask("/big.js", { "accept-encoding": "br, gzip" });
    expect(answer.headers).toMatchObject({ "content-encoding": "gzip", vary: "Accept-Encoding" });
    expect(answer.bytes.equals(gzipSync(BIG))).toBe(true);
    const part = await ask("/big.js", { "accept-encoding": "gzip", range: "bytes=0-3" });
    expect(part).toMatchObject({ status: 206, body: "xxxx" });
    expect(part.headers["content-encoding"]).toBeUndefined();
  });
});

describe("https only", () => {
  let secure: number;
  beforeAll(async () => {
    secure = await serve({ httpsOnly: true, index: "main.html" });
  });

  it.each([
    ["/a?b", "site.example", "https://site.example/a?b"],
    ["//evil.example", "site.example:80", "https://site.example/evil.example"],
  ])("sends %s at %s to %s", async (target, host, location) => {
    const answer = await ask(target, { host, "x-forwarded-proto": "http" }, secure);
    expect(answer).toMatchObject({ status: 301, headers: { location } });
  });

  it.each([
    ["https", "site.example"],
    ["http", "evil.example/@x"],
  ])("leaves %s at %s alone", async (proto, host) => {
    expect((await ask("/", { host, "x-forwarded-proto": proto }, secure)).status).toBe(200);
  });
});
