import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ArchiveFetch, fetchArchive } from "./fetch-archive.ts";
import { bytesOf } from "./source-fixtures.ts";
import { entriesOf, tarOf } from "./tar-fixtures.ts";

let server: Server;
let origin: string;
let answer: RequestListener;
let folder: string;
let archive: Buffer;
let taken: Buffer | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "conifer-fetch-archive-"));
  archive = gzipSync(
    await tarOf(
      { name: "pack-main/bin/run", content: "run", mode: 0o755 },
      { name: "pack-main/a", content: "a" },
    ),
  );
  answer = (_request, response) => response.end(archive);
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  taken = undefined;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const file = () => join(folder, "download");
const get = (more: Partial<ArchiveFetch> = {}) =>
  fetchArchive({
    address: `${origin}/pack.tgz`,
    file: file(),
    maxBytes: 1_000_000,
    download: { signal: new AbortController().signal, isAllowed: () => true },
    take: async (tar: Readable) => {
      taken = await bytesOf(tar);
    },
    ...more,
  });
const hex = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

describe("an archive by address", () => {
  it("is taken without the directory that holds everything, and its content has a name", async () => {
    const digest = await get();
    const entries = await entriesOf(taken ?? Buffer.alloc(0));
    expect(entries.map(({ header, text }) => [header.name, header.mode, text])).toEqual([
      ["bin/run", 0o755, "run"],
      ["a", 0o644, "a"],
    ]);
    expect(digest).toBe(hex(taken ?? Buffer.alloc(0)));
    expect(existsSync(file())).toBe(false);
  });

  it("has the same name however it was packed", async () => {
    const digest = await get();
    archive = await tarOf(
      { name: "other/bin/run", content: "run", mode: 0o711, mtime: new Date() },
      { name: "other/a", content: "a" },
    );
    expect(await get()).toBe(digest);
  });

  it("is taken when it is what was asked for", async () => {
    await get({ sha256: hex(archive).toUpperCase() });
    expect(taken).toBeDefined();
  });

  function answering(how: RequestListener) {
    answer = how;
    return {};
  }

  const refused: readonly [string, () => Partial<ArchiveFetch>, RegExp][] = [
    [
      "is another than was asked for",
      () => ({ sha256: "0".repeat(64) }),
      /has the SHA-256 [0-9a-f]{64}, and 0{64}/,
    ],
    ["is too large", () => ({ maxBytes: 50 }), /larger than 50 bytes/],
    ["is not there", () => answering((_request, response) => response.writeHead(404).end()), /answered 404/],
    [
      "is no archive",
      () => answering((_request, response) => response.end("<html>".repeat(200))),
      /cannot be read as a tar/,
    ],
    ["breaks off", () => answering(breakOff), /broke off/],
    ["holds too many files", () => ({ limits: { maxEntries: 1 } }), /too many files/],
    [
      "is at a private address",
      () => ({ download: { signal: new AbortController().signal } }),
      /public internet/,
    ],
  ];
  it.each(refused)("is refused when it %s, and nothing is left", async (_, prepare, message) => {
    const more = prepare();
    await expect(get(more)).rejects.toMatchObject({
      id: "invalid_params",
      message: expect.stringMatching(message),
    });
    expect(existsSync(file())).toBe(false);
  });

  it("is given up when the build is", async () => {
    const over = new AbortController();
    answer = (_request, response) => {
      response.write("x");
      over.abort();
    };
    await expect(get({ download: { signal: over.signal, isAllowed: () => true } })).rejects.toThrow();
    expect(existsSync(file())).toBe(false);
  });
});

const breakOff: RequestListener = (_request, response) => {
  response.writeHead(200, { "content-length": "1000" });
  response.write("x".repeat(10));
  setImmediate(() => response.destroy());
};
