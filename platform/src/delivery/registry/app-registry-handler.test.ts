import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type MasterKey, newId, silentLogger } from "../../kernel/index.ts";
import { type KeptLog, makeKeptLog } from "../../kernel/kept-log-fixtures.ts";
import { digestOf, encodeDocument, MEDIA, makeManifest } from "../image/index.ts";
import { makeAppRegistryHandler } from "./app-registry-handler.ts";
import { ownPath, ownQuery, readAppCall, tagOfType } from "./app-repository.ts";
import { findPushedImage } from "./find-pushed-image.ts";
import { registryKeys } from "./registry-credentials.ts";
import { type FakeRegistryStores, makeFakeRegistryStores } from "./registry-fake.ts";
import { makeRegistryListener } from "./registry-server.ts";

const APP = "2f1c6a52-5d3e-4b57-8a43-0d9c2f6b7e11";
const OTHER = "9d2b4d6c-6d0c-4f7e-8f0a-6c3f1c8f2a10";
const AT = `/v2/common/${APP}`;
const DIGEST = digestOf("x");

describe("a path that names an app as Heroku does", () => {
  const cases: readonly [string, string | undefined][] = [
    ["/v2/shop/web/manifests/latest", `${AT}/manifests/web.latest`],
    ["/v2/shop/web/manifests/v1", `${AT}/manifests/web.v1`],
    [`/v2/shop/web/manifests/${DIGEST}`, `${AT}/manifests/${DIGEST}`],
    ["/v2/shop/web/blobs/uploads/", `${AT}/blobs/uploads/`],
    [`/v2/shop/web/blobs/${DIGEST}`, `${AT}/blobs/${DIGEST}`],
    ["/v2/common/web/manifests/latest", `${AT}/manifests/web.latest`],
    [`/v2/common/${APP}/manifests/latest`, `${AT}/manifests/latest`],
    ["/v2/shop/web/../../x", `${AT}/../../x`],
    ["/v2/shop/Web/manifests/latest", undefined],
    ["/v2/shop/we.b/manifests/latest", undefined],
    ["/v2/../web/manifests/latest", undefined],
    ["/v2/sh%6fp/web/manifests/latest", undefined],
    ["/v2/a/b/c/manifests/latest", `${AT}/c/manifests/latest`],
    [`/v2/shop/${"w".repeat(64)}/manifests/latest`, undefined],
  ];
  test.each(cases)("%s", (path, own) => {
    const call = readAppCall(path);
    expect(call && ownPath(call, APP)).toBe(own);
  });

  test("a tag that is none is left for the registry to refuse", () => {
    const call = { app: "shop", type: "web", rest: "manifests/a b" };
    expect(ownPath(call, APP)).toBe(`${AT}/manifests/a b`);
  });

  test("another repository is never mounted from", () => {
    expect(ownQuery(`mount=${DIGEST}&from=shop/worker&digest=a%3Ab`)).toBe("?digest=a%3Ab");
    expect(ownQuery("")).toBe("");
  });
});

const master: MasterKey = { current: 1, keys: new Map([[1, Buffer.alloc(32, 1)]]) };
let stores: FakeRegistryStores;
let server: Server;
let origin: string;
let log: KeptLog;
const broken = { is: false };

beforeEach(async () => {
  stores = makeFakeRegistryStores();
  broken.is = false;
  log = makeKeptLog();
  const keys = registryKeys(master);
  const deps = { ...stores, keys, now: () => new Date(), newId, logger: silentLogger };
  const listener = makeRegistryListener(deps);
  const scopes: Record<string, "writer" | "reader"> = { ours: "writer", "read-only": "reader" };
  const handle = makeAppRegistryHandler({
    ...{ keys, now: deps.now, logger: log.logger },
    authenticate: async (_user, token) =>
      token in scopes ? { accountId: token, email: "a@example.com", scope: ["global"] } : undefined,
    roleFor: async (app, { accountId }) =>
      app === "shop" || app === APP ? { appId: APP, role: scopes[accountId] ?? "reader" } : undefined,
    serve: async (request, response) => {
      if (broken.is) throw new Error("away");
      await listener(request, response);
    },
  });
  server = createServer((request, response) => {
    void handle(request, response).then((known) => known || response.writeHead(418).end());
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const basic = (token: string, user = "_") => `Basic ${Buffer.from(`${user}:${token}`).toString("base64")}`;
const ask = (path: string, authorization = basic("ours"), more: RequestInit = {}) =>
  fetch(origin + path, {
    ...more,
    headers: { ...(authorization ? { authorization } : {}), ...more.headers },
  });

async function pushImage(type: string): Promise<{ id: string; digest: string; status: number }> {
  const put = async (bytes: Buffer) => {
    const begun = await ask(`/v2/shop/${type}/blobs/uploads/`, undefined, { method: "POST" });
    const at = `${begun.headers.get("location")}?digest=${digestOf(bytes)}`;
    expect((await ask(at, undefined, { method: "PUT", body: new Uint8Array(bytes) })).status).toBe(201);
    return { digest: digestOf(bytes), size: bytes.length };
  };
  const config = { mediaType: MEDIA.config, ...(await put(Buffer.from(`{"for":"${type}"}`))) };
  const layer = { mediaType: MEDIA.layer, ...(await put(Buffer.from(`layer of ${type}`))) };
  const { bytes, descriptor } = encodeDocument(MEDIA.manifest, makeManifest(config, [layer]));
  const headers = { "content-type": MEDIA.manifest };
  const body = new Uint8Array(bytes);
  const { status } = await ask(`/v2/shop/${type}/manifests/latest`, undefined, {
    method: "PUT",
    headers,
    body,
  });
  return { id: config.digest, digest: descriptor.digest, status };
}

describe("the registry with an API token", () => {
  test("asks for one, and takes it with any user, or as a bearer's", async () => {
    const refused = await ask("/v2/", "");
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="Conifer"']);
    for (const who of [basic("nobody"), "Basic !", "Digest ours", "Bearer nobody"])
      expect((await ask("/v2/", who)).status).toBe(401);
    for (const who of [basic("ours"), basic("ours", ""), "Bearer ours"])
      expect((await ask("/v2/", who)).status).toBe(200);
  });

  test("leaves other paths alone", async () => {
    for (const path of ["/apps", "/v2x", "/"]) expect((await ask(path)).status).toBe(418);
  });

  test("takes an image, gives its manifest to the stock client, and finds it by its id", async () => {
    const { id, digest, status } = await pushImage("web");
    expect(status).toBe(201);
    const accept = "application/vnd.docker.distribution.manifest.v2+json";
    const got = await ask("/v2/shop/web/manifests/latest", basic("ours", ""), { headers: { accept } });
    expect(((await got.json()) as { config: { digest: string } }).config.digest).toBe(id);
    const find = (what: { type?: string; id?: string; appId?: string }) =>
      findPushedImage(stores, { appId: APP, type: "web", id, ...what });
    expect([await find({}), await find({ id: digest }), await find({ type: "worker" })]).toEqual(
      Array(3).fill(digest),
    );
    expect([await find({ id: DIGEST }), await find({ id: "latest" }), await find({ appId: OTHER })]).toEqual(
      Array(3).fill(undefined),
    );
  });

  test("an earlier image is found when another has its tag, and what is no image never", async () => {
    const first = await pushImage("web");
    await pushImage("worker");
    const repository = { space: "common", name: APP };
    const worker = await stores.records.findManifest(repository, tagOfType("worker"));
    if (worker) await stores.records.holdManifest(repository, worker, tagOfType("web"));
    const find = (id: string) => findPushedImage(stores, { appId: APP, type: "web", id });
    expect(await find(first.id)).toBe(first.digest);
    const index = encodeDocument(MEDIA.index, { schemaVersion: 2, manifests: [] });
    await stores.content.write(index.bytes);
    const held = { digest: index.descriptor.digest, mediaType: MEDIA.index, sizeBytes: index.bytes.length };
    await stores.records.holdManifest(repository, held, tagOfType("web"));
    expect(await find(held.digest)).toBeUndefined();
  });

  test("tells nothing of others' apps, and lets readers only read", async () => {
    await pushImage("web");
    const paths = [
      "/v2/stranger/web/manifests/latest",
      `/v2/common/${OTHER}/manifests/latest`,
      "/v2/nothing",
    ];
    for (const path of paths) {
      const { status } = await ask(path);
      expect(status).toBe(404);
    }
    expect((await ask("/v2/shop/web/manifests/latest", basic("read-only"))).status).toBe(200);
    const begun = await ask("/v2/shop/web/blobs/uploads/", basic("read-only"), { method: "POST" });
    expect(begun.status).toBe(403);
    const gone = await ask("/v2/shop/web/manifests/latest", basic("ours"), { method: "DELETE" });
    expect(gone.status).toBe(403);
  });

  test("says so when it is away", async () => {
    broken.is = true;
    const answer = await ask("/v2/shop/web/manifests/latest");
    const text = await answer.text();
    expect([answer.status, text]).toEqual([503, expect.stringContaining("try again")]);
    expect(log.linesOfIdIn(text)).toMatchObject([{ level: "error", error: { message: "away" } }]);
  });
});
