import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, runProgram, startServer, writeFiles } from "./buildpack-fixtures.ts";
import { makeFetcher, unpackArchive } from "./verified-download.ts";

const { signal } = new AbortController();
const CONTENT = "the content";
const integrityOf = (text: string, algorithm: "sha256" | "sha512" | "sha1" = "sha512") =>
  `${algorithm}-${createHash(algorithm).update(text).digest("base64")}`;

let folder: Awaited<ReturnType<typeof makeFolder>>;
let registry: Awaited<ReturnType<typeof startServer>>;
let headers: NodeJS.Dict<string | string[]>[];
beforeEach(async () => {
  folder = await makeFolder();
  headers = [];
  registry = await startServer((request, response) => {
    headers.push(request.headers);
    if (request.url === "/silent") return;
    if (request.url === "/missing") return void response.writeHead(404).end("{}");
    if (request.url?.endsWith("/json")) return void response.end('{"a":1}');
    response.end(CONTENT);
  });
});
afterEach(async () => {
  await registry.stop();
  await folder.remove();
});

describe("where it asks", () => {
  it.each(["npm_config_registry", "NPM_CONFIG_REGISTRY"])("is the registry of %s", async (name) => {
    const fetcher = makeFetcher({ [name]: `${registry.address}/mirror/` }, signal);
    expect(await fetcher.json("/json")).toEqual({ a: 1 });
    expect(registry.requests).toEqual(["GET /mirror/json"]);
  });

  it("is the registry of the user's .npmrc, with its token", async () => {
    const file = path.join(folder.at, ".npmrc");
    const host = registry.address.replace("http:", "");
    await writeFiles(folder.at, {
      ".npmrc": `# ours\n; too\nregistry = ${registry.address}/\n${host}/:_authToken=\${TOKEN}\nodd\n`,
    });
    const fetcher = makeFetcher({ npm_config_userconfig: file, TOKEN: "secret-1" }, signal);
    await fetcher.json("/json");
    expect(registry.requests).toEqual(["GET /json"]);
    expect(headers[0]?.authorization).toBe("Bearer secret-1");
  });

  it("is the address itself when it is a whole one", async () => {
    const fetcher = makeFetcher({ npm_config_registry: "http://127.0.0.1:9/" }, signal);
    expect(await fetcher.text(`${registry.address}/text`)).toBe(CONTENT);
  });

  it("gives no token to another host", async () => {
    await writeFiles(folder.at, { ".npmrc": "//other.example/:_authToken=secret-2\n" });
    const fetcher = makeFetcher({ npm_config_userconfig: path.join(folder.at, ".npmrc") }, signal);
    await fetcher.text(`${registry.address}/text`);
    expect(headers[0]?.authorization).toBeUndefined();
  });

  it("may have no .npmrc", async () => {
    const fetcher = makeFetcher({ NPM_CONFIG_USERCONFIG: path.join(folder.at, "none") }, signal);
    expect(await fetcher.text(`${registry.address}/text`)).toBe(CONTENT);
  });
});

describe("a source that is of no use", () => {
  it("that is not there is told at once", async () => {
    await registry.stop();
    const began = performance.now();
    await expect(makeFetcher({}, signal).json(`${registry.address}/json`)).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it("that has it not is told", async () => {
    await expect(makeFetcher({}, signal).text(`${registry.address}/missing`)).rejects.toThrow("404");
  });

  it("is given up when the build is stopped", async () => {
    const stop = new AbortController();
    const asking = makeFetcher({}, stop.signal).text(`${registry.address}/silent`);
    stop.abort();
    await expect(asking).rejects.toThrow();
  });
});

describe("files", () => {
  it.each(["sha512", "sha256", "sha1"] as const)("are checked by %s", async (algorithm) => {
    const fetcher = makeFetcher({}, signal);
    const address = `${registry.address}/file`;
    const file = await fetcher.file({ address, integrity: integrityOf(CONTENT, algorithm) });
    expect(await readFile(file, "utf8")).toBe(CONTENT);
    await fetcher.close();
    expect(existsSync(path.dirname(file))).toBe(false);
  });

  it("that differ are refused", async () => {
    const fetcher = makeFetcher({}, signal);
    const download = { address: `${registry.address}/file`, integrity: integrityOf("other") };
    await expect(fetcher.file(download)).rejects.toMatchObject({ code: "EINTEGRITY" });
    await fetcher.close();
  });

  it("are asked for again when the source has a bad moment", async () => {
    let refusals = 1;
    const shaky = await startServer((_request, response) => {
      if (refusals-- > 0) response.writeHead(503).end();
      else response.end(CONTENT);
    });
    const fetcher = makeFetcher({}, signal);
    const file = await fetcher.file({ address: `${shaky.address}/a`, integrity: integrityOf(CONTENT) });
    expect([await readFile(file, "utf8"), shaky.requests.length]).toEqual([CONTENT, 2]);
    await fetcher.close();
    await shaky.stop();
  });

  it("are each one of their own", async () => {
    const fetcher = makeFetcher({}, signal);
    const download = { address: `${registry.address}/file`, integrity: integrityOf(CONTENT) };
    expect(await fetcher.file(download)).not.toBe(await fetcher.file(download));
    await fetcher.close();
  });
});

describe("archives", () => {
  it("give the members that are wanted, without their top folder", async () => {
    await writeFiles(folder.at, { "top/bin/node": "n", "top/README": "r", "top/include/a/b.h": "h" });
    await mkdir(path.join(folder.at, "out"));
    const env = { PATH: process.env.PATH };
    const options = { cwd: folder.at, env };
    expect((await runProgram("tar", ["-czf", "a.tar.gz", "top"], options)).code).toBe(0);
    const target = path.join(folder.at, "out", "deep");
    const members = ["*/bin/node", "*/include/*"];
    await unpackArchive(path.join(folder.at, "a.tar.gz"), target, { members, env, signal });
    expect((await readdir(target, { recursive: true })).toSorted()).toEqual([
      ...["bin", "bin/node", "include", "include/a", "include/a/b.h"],
    ]);
  });

  it("that are none are refused", async () => {
    await writeFiles(folder.at, { "a.tar.gz": "text" });
    const unpacking = unpackArchive(path.join(folder.at, "a.tar.gz"), path.join(folder.at, "out"), {
      ...{ members: ["*"], env: { PATH: process.env.PATH }, signal },
    });
    await expect(unpacking).rejects.toThrow("tar ended with 2");
  });
});

it("closes what it never opened", async () => {
  await expect(makeFetcher({}, signal).close()).resolves.toBeUndefined();
});

describe("a file that the caller checks", () => {
  const fetcher = makeFetcher({}, signal);
  afterEach(() => fetcher.close());

  it("is fetched as it is, and removed in the end", async () => {
    const file = await fetcher.anyFile({
      address: `${registry.address}/x`,
      most: CONTENT.length,
      patient: true,
    });
    expect(await readFile(file, "utf8")).toBe(CONTENT);
    await fetcher.close();
    expect(existsSync(file)).toBe(false);
  });

  it("is refused when it is larger than it may be, or not there", async () => {
    const asked = { address: `${registry.address}/x`, most: CONTENT.length - 1, patient: false };
    await expect(fetcher.anyFile(asked)).rejects.toThrow("it gave more than");
    await expect(fetcher.anyFile({ ...asked, address: `${registry.address}/missing` })).rejects.toThrow(
      "404",
    );
  });
});

it("members that are not wanted are left out", async () => {
  await writeFiles(folder.at, { "top/a/b": "1", "top/a/b_test": "2", "top/testdata/c": "3" });
  const env = { PATH: process.env.PATH };
  await runProgram("tar", ["-czf", "x.tgz", "top"], { cwd: folder.at, env });
  const target = path.join(folder.at, "out");
  const without = ["*_test", "*/testdata"];
  await unpackArchive(path.join(folder.at, "x.tgz"), target, { members: ["top/*"], without, env, signal });
  expect((await readdir(target, { recursive: true })).toSorted()).toEqual(["a", "a/b"]);
});
