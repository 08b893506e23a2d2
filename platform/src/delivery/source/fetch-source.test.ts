import { createHash, randomUUID } from "node:crypto";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FetchSourceDependencies, fetchSource } from "./fetch-source.ts";
import type { ResolveName } from "./source-download.ts";
import { fakeArchiveStore, fakeSourceStore } from "./source-store-fake.ts";
import { streamOf, tarOf } from "./tar-fixtures.ts";

let server: Server;
let origin: string;
let answer: RequestListener;
let archives: ReturnType<typeof fakeArchiveStore>;
let sources: ReturnType<typeof fakeSourceStore>;
let archive: Buffer;

beforeEach(async () => {
  archive = gzipSync(await tarOf({ name: "app/index.html", content: "hello" }));
  answer = (_request, response) => response.end(archive);
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  archives = fakeArchiveStore();
  sources = fakeSourceStore();
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Fetches with loopback allowed, as the test's server is there. */
function fetch(
  url: string,
  more: Partial<FetchSourceDependencies> & { checksum?: string; signal?: AbortSignal } = {},
) {
  const { checksum, signal, ...given } = more;
  const deps: FetchSourceDependencies = {
    archives,
    sources,
    newId: randomUUID,
    ownUpload: () => undefined,
    download: { isAllowed: () => true },
    ...given,
  };
  return fetchSource({ url, checksum }, deps, signal ?? new AbortController().signal);
}

describe("a source by URL", () => {
  it("is fetched, checked and stored, and the download is removed", async () => {
    const checksum = `SHA256:${createHash("sha256").update(archive).digest("hex")}`;
    const { digest } = await fetch(`${origin}/app.tar.gz`, { checksum });
    expect(await sources.has(digest)).toBe(true);
    expect(archives.ids()).toEqual([]);
  });

  it("is fetched over redirects, relative ones too", async () => {
    answer = (request, response) => {
      if (request.url === "/c") return response.end(archive);
      return response.writeHead(302, { location: request.url === "/a" ? "/b" : `${origin}/c` }).end();
    };
    await fetch(`${origin}/a`);
  });

  it("is connected to at the address that was judged, whatever the name says later", async () => {
    const asked: string[] = [];
    const resolveName: ResolveName = (host, done) => {
      asked.push(host);
      done(null, [{ address: asked.length === 1 ? "127.0.0.1" : "10.0.0.1", family: 4 }]);
    };
    const isAllowed = (address: string) => address === "127.0.0.1";
    const { port } = new URL(origin);
    await fetch(`http://rebinding.example:${port}/`, { download: { isAllowed, resolveName } });
    expect(asked).toEqual(["rebinding.example"]);
  });
});

describe("what is refused", () => {
  it.each([
    "http://127.0.0.1/",
    "http://localhost/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://0.0.0.0/",
    "http://127.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://10.1.2.3/",
    "https://192.168.0.1/",
    "http://[64:ff9b::7f00:1]/",
  ])("the address %s", async (url) => {
    await expect(fetch(url, { download: {} })).rejects.toThrow(/not an address of the public internet/);
  });

  it("a name of which one address is private", async () => {
    const resolveName: ResolveName = (_host, done) =>
      done(null, [
        { address: "93.184.216.34", family: 4 },
        { address: "10.0.0.1", family: 4 },
      ]);
    await expect(fetch("http://mixed.example/", { download: { resolveName } })).rejects.toThrow(
      /mixed\.example, which is not/,
    );
  });

  it("a redirect to a private address", async () => {
    answer = (_request, response) => response.writeHead(302, { location: "http://127.0.0.2/secret" }).end();
    const isAllowed = (address: string) => address === "127.0.0.1";
    await expect(fetch(origin, { download: { isAllowed } })).rejects.toThrow(/127\.0\.0\.2, which is not/);
  });

  it.each([
    ["file:///etc/passwd", /begins with file:/],
    ["ftp://example.com/x", /begins with ftp:/],
    ["data:text/plain,x", /begins with data:/],
    ["nonsense", /is not a URL/],
    ["", /is not a URL/],
  ])("the URL %j", async (url, message) => {
    await expect(fetch(url)).rejects.toThrow(message);
  });

  it("a redirect to a file, and redirects without end", async () => {
    answer = (_request, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end();
    await expect(fetch(origin)).rejects.toThrow(/begins with file:/);
    answer = (_request, response) => response.writeHead(301, { location: "/again" }).end();
    await expect(fetch(origin)).rejects.toThrow(/redirects more than 5 times/);
  });

  it("an error answer, told without the secrets of the URL", async () => {
    answer = (_request, response) => response.writeHead(404).end();
    const failure = await fetch(`${origin.replace("//", "//ann:secret@")}/x?token=secret`).catch(
      (thrown: Error) => thrown,
    );
    expect(String(failure)).toContain(`${origin}/x answered 404`);
    expect(String(failure)).not.toContain("secret");
  });

  it("a server that is not there", async () => {
    server.close();
    await expect(fetch("http://127.0.0.1:9/")).rejects.toThrow(
      /could not be fetched from http:\/\/127\.0\.0\.1:9\/: ECONNREFUSED/,
    );
  });

  it.each([true, false])("too much, with a length given: %s", async (given) => {
    answer = (_request, response) => {
      if (given) response.setHeader("content-length", 5000);
      else response.flushHeaders();
      response.end(Buffer.alloc(5000));
    };
    await expect(fetch(origin, { maxArchiveBytes: 1000 })).rejects.toThrow(/larger than 1000 bytes/);
    expect(archives.ids()).toEqual([]);
  });

  it("a download that breaks off, takes too long, or is given up", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { "content-length": 5000 });
      response.write("half", () => response.destroy());
    };
    await expect(fetch(origin)).rejects.toThrow(/broke off/);
    answer = (_request, response) => response.writeHead(200).write("half");
    await expect(fetch(origin, { fetchMs: 100 })).rejects.toThrow(/took too long/);
    await expect(fetch(origin, { download: { isAllowed: () => true, idleMs: 100 } })).rejects.toThrow(
      /broke off/,
    );
    const leaving = new AbortController();
    answer = (_request, response) => {
      response.writeHead(200).write("half", () => leaving.abort());
    };
    await expect(fetch(origin, { signal: leaving.signal })).rejects.toThrow();
    expect(archives.ids()).toEqual([]);
  });
});

describe("our own uploads", () => {
  const id = randomUUID();
  it("are read without the network", async () => {
    await archives.write(id, streamOf(archive));
    answer = () => expect.unreachable("nothing is fetched");
    const own = (url: string) => (url === `${origin}/own` ? ({ kind: "valid", id } as const) : undefined);
    const { digest } = await fetch(`${origin}/own`, { ownUpload: own, download: {} });
    expect(await sources.has(digest)).toBe(true);
    expect(archives.ids()).toEqual([id]);
  });

  it("say so when nothing was uploaded, or the time is over", async () => {
    await expect(fetch(origin, { ownUpload: () => ({ kind: "valid", id }) })).rejects.toThrow(
      /Nothing has been uploaded/,
    );
    await expect(fetch(origin, { ownUpload: () => ({ kind: "expired" }) })).rejects.toThrow(/has expired/);
  });
});
