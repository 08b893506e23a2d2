import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, symlink, writeFile } from "node:fs/promises";
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";

const SERVER = path.join(import.meta.dirname, "static-server.ts");
const CSS = "body { margin: 0 }\n".repeat(200);
const BIG_BYTES = 64 * 1024 * 1024;

let folder: Awaited<ReturnType<typeof makeFolder>>;
let site: Served;

interface Served {
  readonly port: number;
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
}

async function serve(root: string, ...settings: string[]): Promise<Served> {
  const child = spawn(process.execPath, [SERVER, root, ...settings], {
    env: { PATH: process.env.PATH, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const port = Number(/on port (\d+)/.exec(line)?.[1]);
  return { port, child, exited: once(child, "exit") };
}

beforeAll(async () => {
  folder = await makeFolder();
  await writeFiles(folder.at, {
    "secret.txt": "outside",
    "site/index.html": "start",
    "site/about.html": "about",
    "site/style.css": CSS,
    "site/app-4f3a2b1c.js": "1",
    "site/docs/index.html": "docs",
    "site/404.html": "not here",
    "site/.env": "SECRET=1",
    "bare/a.txt": "a",
  });
  await symlink("../secret.txt", path.join(folder.at, "site/leak.txt"));
  const big = await open(path.join(folder.at, "site/big.bin"), "w");
  await big.truncate(BIG_BYTES);
  await big.close();
  site = await serve(path.join(folder.at, "site"));
});
afterAll(async () => {
  site.child.kill("SIGKILL");
  await site.exited;
  await folder.remove();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

async function ask(
  target: string,
  options: { method?: string; headers?: Record<string, string>; port?: number } = {},
): Promise<Answer> {
  const { method = "GET", headers = {}, port = site.port } = options;
  const asked = request({ host: "127.0.0.1", port, path: target, method, headers, agent: false }).end();
  const answer = await answerTo(asked);
  return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) };
}

async function answerTo(asked: ClientRequest): Promise<IncomingMessage> {
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return answer;
}

/** Sends a request line as it is: clients put some of them right. */
async function askRaw(target: string): Promise<string> {
  const socket = connect(site.port, "127.0.0.1");
  socket.write(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  return String(await buffer(socket));
}

describe("pages", () => {
  it.each([
    ["/", "start"],
    ["/index.html", "start"],
    ["/about", "about"],
    ["/about?x=1", "about"],
    ["/docs/", "docs"],
  ])("%s", async (target, body) => {
    const answer = await ask(target);
    expect([answer.status, String(answer.body)]).toEqual([200, body]);
    expect(answer.headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-length": String(body.length),
      "cache-control": "public, no-cache",
      "x-content-type-options": "nosniff",
    });
  });

  it("of a folder are at an address with a slash", async () => {
    expect(await ask("/docs")).toMatchObject({ status: 308, headers: { location: "/docs/" } });
    expect(await ask("/docs?a=b?c")).toMatchObject({ headers: { location: "/docs/?a=b?c" } });
  });

  it("never lead to another host", async () => {
    expect(await askRaw("//docs")).toContain("\r\nLocation: /docs/\r\n");
  });

  it("with a hash in their name are good for ever", async () => {
    const { headers } = await ask("/app-4f3a2b1c.js");
    expect(headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  });
});

describe("what is not there", () => {
  it.each(["/none", "/docs/none", "/.env", "/leak.txt", "/%2e%2e/secret.txt", "/%zz"])(
    "%s",
    async (target) => {
      const answer = await ask(target);
      expect([answer.status, String(answer.body)]).toEqual([404, "not here"]);
    },
  );

  it.each(["/../secret.txt", "/..%2fsecret.txt", "/docs/../../secret.txt"])(
    "%s, sent as it is",
    async (target) => {
      const answer = await askRaw(target);
      expect(answer).toMatch(/^HTTP\/1.1 404 /);
      expect(answer).not.toContain("outside");
    },
  );

  it("is text where the site has no page for it", async () => {
    const bare = await serve(path.join(folder.at, "bare"));
    const answer = await ask("/none", { port: bare.port });
    const head = await ask("/none", { port: bare.port, method: "HEAD" });
    bare.child.kill("SIGTERM");
    await bare.exited;
    expect([answer.status, String(answer.body)]).toEqual([404, "There is nothing at this address.\n"]);
    expect([head.status, head.body.length]).toEqual([404, 0]);
  });
});

describe("methods", () => {
  it("HEAD gets what GET gets, without the body", async () => {
    const [head, get] = [await ask("/style.css", { method: "HEAD" }), await ask("/style.css")];
    expect(head.body.length).toBe(0);
    const { date: _, ...rest } = get.headers;
    expect(head.headers).toMatchObject(rest);
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS"])("%s is refused", async (method) => {
    expect(await ask("/", { method })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  });
});

describe("copies", () => {
  it("are confirmed while they are good", async () => {
    const { etag } = (await ask("/style.css")).headers;
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const answer = await ask("/style.css", { headers: { "if-none-match": known ?? "" } });
      expect([answer.status, answer.body.length, answer.headers.etag]).toEqual([304, 0, etag]);
    }
    expect((await ask("/style.css", { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  });

  it("are replaced when the file changes", async () => {
    const at = path.join(folder.at, "site/changing.html");
    await writeFile(at, "one");
    const { etag } = (await ask("/changing")).headers;
    await writeFile(at, "three");
    const answer = await ask("/changing", { headers: { "if-none-match": etag ?? "" } });
    expect([answer.status, String(answer.body)]).toEqual([200, "three"]);
  });

  it("of a missing page are not confirmed", async () => {
    const { etag } = (await ask("/none")).headers;
    expect((await ask("/none", { headers: { "if-none-match": etag ?? "" } })).status).toBe(404);
  });
});

describe("compression", () => {
  it.each([
    ["br", brotliDecompressSync],
    ["gzip", gunzipSync],
  ])("by %s", async (encoding, unpack) => {
    const answer = await ask("/style.css", { headers: { "accept-encoding": encoding } });
    expect(answer.headers).toMatchObject({ "content-encoding": encoding, vary: "Accept-Encoding" });
    expect(answer.headers.etag).toMatch(/^W\//);
    expect(answer.body.length).toBeLessThan(CSS.length / 4);
    expect(String(unpack(answer.body))).toBe(CSS);
  });

  it("is left out for those who do not ask for it", async () => {
    const answer = await ask("/style.css");
    expect([answer.headers["content-encoding"], String(answer.body)]).toEqual([undefined, CSS]);
  });
});

describe("a single-page app", () => {
  let spa: Served;
  beforeAll(async () => {
    const settings = path.join(folder.at, "site.json");
    await writeFile(settings, JSON.stringify({ fallback: "index.html" }));
    spa = await serve(path.join(folder.at, "site"), settings);
  });
  afterAll(async () => {
    spa.child.kill("SIGKILL");
    await spa.exited;
  });

  it.each([
    ["/users/7", { accept: "text/html,*/*" }, 200, "start"],
    ["/users/7", {}, 200, "start"],
    ["/about", {}, 200, "about"],
    ["/", {}, 200, "start"],
    ["/assets/none.js", {}, 404, "not here"],
    ["/api/data", { accept: "application/json" }, 404, "not here"],
    ["/.env", {}, 404, "not here"],
  ])("answers %s with %j: %i", async (target, headers, status, body) => {
    const answer = await ask(target, { port: spa.port, headers });
    expect([answer.status, answer.body.toString()]).toEqual([status, body]);
  });

  it("lets its start page be asked for again", async () => {
    const { headers } = await ask("/users/7", { port: spa.port });
    expect(headers).toMatchObject({
      "cache-control": "public, no-cache",
      "content-type": "text/html; charset=utf-8",
    });
  });
});

describe("large files", () => {
  it("are streamed in full", async () => {
    const answer = await ask("/big.bin");
    expect(answer.headers).toMatchObject({ "content-length": `${BIG_BYTES}` });
    expect(answer.body.length).toBe(BIG_BYTES);
  });

  it("are known by their tag, and have a HEAD", async () => {
    const head = await ask("/big.bin", { method: "HEAD" });
    expect([head.body.length, head.headers["content-length"]]).toEqual([0, `${BIG_BYTES}`]);
    const known = { "if-none-match": head.headers.etag ?? "" };
    expect((await ask("/big.bin", { headers: known })).status).toBe(304);
  });

  it("may be left half read", async () => {
    const asked = request({ host: "127.0.0.1", port: site.port, path: "/big.bin", agent: false }).end();
    (await answerTo(asked)).destroy();
    expect((await ask("/")).status).toBe(200);
  });
});

describe("parts of files", () => {
  const part = async (target: string, range: string, more: Record<string, string> = {}) => {
    const { status, headers, body } = await ask(target, { headers: { range, ...more } });
    return {
      status,
      range: headers["content-range"],
      body: String(body.subarray(0, 40)),
      length: body.length,
    };
  };

  it.each([
    ["/index.html", "bytes=1-2", { status: 206, range: "bytes 1-2/5", body: "ta" }],
    ["/index.html", "bytes=-2", { status: 206, range: "bytes 3-4/5", body: "rt" }],
    ["/index.html", "bytes=9-", { status: 416, range: "bytes */5", body: "" }],
    ["/index.html", "bytes=0-1,3-4", { status: 200, range: undefined, body: "start" }],
    ["/big.bin", "bytes=100-131", { status: 206, range: `bytes 100-131/${BIG_BYTES}`, length: 32 }],
    ["/none", "bytes=0-1", { status: 404, body: "not here" }],
  ])("%s %s", async (target, range, expected) => {
    expect(await part(target, range)).toMatchObject(expected);
  });

  it("are of the plain form", async () => {
    const compressed = { "accept-encoding": "br, gzip" };
    expect(await part("/style.css", "bytes=0-3", compressed)).toMatchObject({ status: 206, body: "body" });
  });

  it("count only for a copy that is still good", async () => {
    const { etag = "" } = (await ask("/index.html")).headers;
    expect(await part("/index.html", "bytes=0-0", { "if-range": etag })).toMatchObject({ status: 206 });
    expect(await part("/index.html", "bytes=0-0", { "if-range": '"old"' })).toMatchObject({ status: 200 });
  });

  it("are offered", async () => {
    expect((await ask("/big.bin", { method: "HEAD" })).headers["accept-ranges"]).toBe("bytes");
  });
});

it("an empty file is empty", async () => {
  await writeFile(path.join(folder.at, "site/empty.txt"), "");
  const answer = await ask("/empty.txt");
  expect([answer.status, answer.body.length, answer.headers["content-length"]]).toEqual([200, 0, "0"]);
});

describe("SIGTERM", () => {
  it("lets the answer under way end, then the server", async () => {
    const other = await serve(path.join(folder.at, "site"));
    const agent = new Agent({ keepAlive: true });
    const asked = request({ host: "127.0.0.1", port: other.port, path: "/big.bin", agent }).end();
    const answer = await answerTo(asked);
    other.child.kill("SIGTERM");
    expect((await buffer(answer)).length).toBe(BIG_BYTES);
    expect(await other.exited).toEqual([0, null]);
  });

  it("does not wait for connections that are silent", async () => {
    const other = await serve(path.join(folder.at, "site"));
    const socket = connect(other.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(socket, "data");
    const began = performance.now();
    other.child.kill("SIGTERM");
    expect(await other.exited).toEqual([0, null]);
    expect(performance.now() - began).toBeLessThan(5_000);
    socket.destroy();
  });
});
