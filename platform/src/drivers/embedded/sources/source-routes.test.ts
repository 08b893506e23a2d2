import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text as readText } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BusinessError, notFound, type Running, silentLogger } from "../../../kernel/index.ts";
import { callPeer, PeerGone, type SocketPeer, startLocalServer } from "../local/index.ts";
import { makeSourceClient, type RemoteSources, sourceRoutes } from "./source-routes.ts";

let folder: string;
let peer: SocketPeer;
let server: Running | undefined;
const DIGEST = `sha256:${"a".repeat(64)}`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-source-routes-"));
  peer = { socketPath: join(folder, "x.sock"), secret: "s" };
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const sourcesThat = (read: RemoteSources["sources"]["read"]): RemoteSources["sources"] => ({
  read,
  collect: () => Promise.reject(new Error("nothing to collect")),
});

async function serve(parts: Partial<RemoteSources>): Promise<RemoteSources> {
  const files: RemoteSources = {
    sources: sourcesThat(() => Promise.reject(notFound("source"))),
    fetchSource: () => Promise.reject(new Error("nothing to fetch")),
    cutSource: () => Promise.reject(new Error("nothing to cut")),
    uploads: { create: async (base) => ({ getUrl: `${base}/get`, putUrl: `${base}/put` }) },
    ...parts,
  };
  server = await startLocalServer({ ...peer, routes: [sourceRoutes(files)], logger: silentLogger });
  return makeSourceClient(peer);
}

test("a source is read by its digest", async () => {
  const client = await serve({ sources: sourcesThat(async (digest) => Readable.from([`tar of ${digest}`])) });
  expect(await readText(await client.sources.read(DIGEST))).toBe(`tar of ${DIGEST}`);
});

test.each([DIGEST, "../x", "a/b", "", "%"])("a source that is not there is not found: %j", async (digest) => {
  await expect((await serve({})).sources.read(digest)).rejects.toMatchObject({ id: "not_found" });
});

test("a source that breaks off is a failure for who reads it", async () => {
  const client = await serve({
    sources: sourcesThat(async () =>
      Readable.from(
        (async function* () {
          yield "begun";
          throw new Error("the disk is gone");
        })(),
      ),
    ),
  });
  await expect(client.sources.read(DIGEST).then(readText)).rejects.toThrow();
});

test.each([null, "SHA256:abc"])("what a URL names is fetched, with the checksum %j", async (checksum) => {
  const signal = new AbortController().signal;
  const client = await serve({
    fetchSource: async (url, sum) => ({ digest: `${url} ${sum}`, sizeBytes: 7 }) as never,
  });
  expect(await client.fetchSource("https://x/y?z=ü", checksum, signal)).toEqual({
    digest: `https://x/y?z=ü ${checksum}`,
    sizeBytes: 7,
  });
});

test("a folder of a source is cut out", async () => {
  const client = await serve({ cutSource: async (digest, within) => ({ digest: `${within} of ${digest}` }) });
  expect(await client.cutSource(DIGEST, "packages/ü web")).toEqual({ digest: `packages/ü web of ${DIGEST}` });
});

test.each([{}, { digest: DIGEST }, { digest: 1, folder: "web" }])(
  "a cut is of a digest and a folder: %j",
  async (body) => {
    await serve({});
    await expect(callPeer(peer, "POST /sources/cut", { body })).rejects.toThrow();
  },
);

test("a fetch that is refused says why", async () => {
  const client = await serve({
    fetchSource: () => Promise.reject(new BusinessError("invalid_params", "No tar.")),
  });
  await expect(client.fetchSource("x", null, new AbortController().signal)).rejects.toMatchObject({
    id: "invalid_params",
    message: "No tar.",
  });
});

test("a fetch that is given up is given up there", async () => {
  const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const client = await serve({
    fetchSource: async (_url, _checksum, signal) => {
      begun.resolve();
      await once(signal, "abort");
      ended.resolve();
      throw signal.reason;
    },
  });
  const leaving = new AbortController();
  const fetching = expect(client.fetchSource("x", null, leaving.signal)).rejects.toThrow(PeerGone);
  await begun.promise;
  leaving.abort();
  await fetching;
  await ended.promise;
});

test("addresses for an upload stand under the base", async () => {
  expect(await (await serve({})).uploads.create("https://localhost:6400")).toEqual({
    getUrl: "https://localhost:6400/get",
    putUrl: "https://localhost:6400/put",
  });
});

test.each([
  ["POST /sources/fetch", undefined],
  ["POST /sources/fetch", {}],
  ["POST /sources/fetch", { url: "x" }],
  ["POST /sources/fetch", { url: 1, checksum: null }],
  ["POST /sources/fetch", { url: "x", checksum: 1 }],
  ["POST /uploads", null],
  ["POST /uploads", { base: 1 }],
])("%s with %j is a bad request", async (route, body) => {
  await serve({});
  await expect(callPeer(peer, route, { body })).rejects.toMatchObject({ id: "bad_request" });
});

test("a collection is told what to keep, and from when on all is kept", async () => {
  const asked: unknown[] = [];
  const collect: RemoteSources["sources"]["collect"] = async (kept, before) => {
    asked.push(kept, before);
    return { sources: 2, freedBytes: 30 };
  };
  const client = await serve({
    sources: { ...sourcesThat(() => Promise.reject(notFound("source"))), collect },
  });
  const before = new Date("2026-03-04T05:06:07.089Z");
  expect(await client.sources.collect([DIGEST], before)).toEqual({ sources: 2, freedBytes: 30 });
  expect(asked).toEqual([[DIGEST], before]);
});

test.each([
  [{}],
  [{ kept: [] }],
  [{ kept: "all", before: "2026-03-04T05:06:07Z" }],
  [{ kept: [], before: "soon" }],
])("a collection that does not say both is refused: %j", async (body) => {
  await serve({});
  await expect(callPeer(peer, "POST /source-collections", { body })).rejects.toMatchObject({
    id: "bad_request",
  });
});
