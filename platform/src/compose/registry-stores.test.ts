import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { S3RequestError } from "../drivers/s3/client/index.ts";
import { makeLogger } from "../kernel/index.ts";
import { readConfig } from "./config.ts";
import { makeHome } from "./home.ts";
import { openRegistryStores } from "./registry-stores.ts";
import { makeHomeFolders } from "./supervisor-home.ts";

const PROBE = "/images/conifer/conditional-writes-probe";
const KEYS = { CONIFER_S3_ACCESS_KEY_ID: "AKIDFIRST", CONIFER_S3_SECRET_ACCESS_KEY: "hush-hush" };

let root: string;
let endpoint: string;
let stop: () => Promise<void>;
/** Said in place of an answer of the store. */
let refusal: readonly [status: number, code: string] | undefined;
let knowsConditions: boolean;
let asked: { readonly what: string; readonly authorization: string }[];
let lines: string[];

/** As much of a store as a look at its bucket needs. */
function answer(held: Map<string, string>, request: IncomingMessage, response: ServerResponse): void {
  const { method = "", headers } = request;
  const { pathname, searchParams } = new URL(request.url ?? "", "http://store");
  asked.push({ what: `${method} ${pathname}`, authorization: headers.authorization ?? "" });
  request.resume().on("end", () => {
    if (refusal) return end(refusal[0], `<Error><Code>${refusal[1]}</Code><Message>m</Message></Error>`);
    if (method === "GET" && searchParams.has("list-type"))
      return end(200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
    if (method === "GET") return end(held.has(pathname) ? 200 : 404, held.get(pathname));
    if (method === "DELETE") return end(held.delete(pathname) ? 204 : 404);
    if (knowsConditions && headers["if-none-match"] === "*" && held.has(pathname))
      return end(412, "<Error><Code>PreconditionFailed</Code></Error>");
    held.set(pathname, "held");
    return end(200);
  });
  const end = (status: number, body = "") => response.writeHead(status, { etag: '"e"' }).end(body);
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "conifer-stores-"));
  makeHomeFolders(makeHome(root));
  [refusal, knowsConditions, asked, lines] = [undefined, true, [], []];
  const held = new Map<string, string>();
  const server = createServer((request, response) => answer(held, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  // This machine may have a proxy, which does not know the store of this test.
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"])
    for (const one of [name, name.toLowerCase()]) vi.stubEnv(one, undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await stop();
  rmSync(root, { recursive: true, force: true });
});

const logger = makeLogger({
  ...{ role: "registry", level: "debug", write: (line) => lines.push(line) },
  now: () => new Date(0),
});
const open = (env: Readonly<Record<string, string>> = {}) =>
  openRegistryStores(readConfig({ CONIFER_HOME: root, ...env }), logger);
const openBucket = (more: Readonly<Record<string, string>> = KEYS) =>
  open({ CONIFER_REGISTRY_STORAGE: "s3://images/conifer", CONIFER_S3_ENDPOINT: endpoint, ...more });
const said = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

describe("the registry's stores", () => {
  it("are on the disk without a setting, and ask nobody", async () => {
    const stores = await open();
    expect(await stores.content.sizeOf(`sha256:${"a".repeat(64)}`)).toBeUndefined();
    await stores.close();
    expect([asked, lines]).toEqual([[], []]);
  });

  it("try a bucket under its prefix before it is used, and leave nothing there", async () => {
    const stores = await openBucket();
    await stores.close();
    expect(asked.map(({ what }) => what)).toEqual([
      `PUT ${PROBE}`,
      `PUT ${PROBE}`,
      `GET ${PROBE}`,
      expect.stringMatching(/^GET \/images\/?$/),
      `DELETE ${PROBE}`,
    ]);
    expect(said()).toEqual([
      expect.objectContaining({
        ...{ level: "info", message: "images are kept in a bucket", bucket: "images", prefix: "conifer/" },
        ...{ endpoint, conditional_writes: true },
      }),
    ]);
  });

  // Two that sweep at once would take each other's images.
  it("warn of a store where only one registry may run", async () => {
    knowsConditions = false;
    await (await openBucket()).close();
    expect(said().map(({ level, message }) => [level, message])).toEqual([
      ["info", "images are kept in a bucket"],
      ["warn", "the store knows no conditional writes: let one registry only use this bucket"],
    ]);
  });

  it.each([
    [403, "AccessDenied", /need to read, write, list and delete in this bucket/],
    [403, "InvalidAccessKeyId", /does not take these credentials/],
    [404, "NoSuchBucket", /create it, or correct CONIFER_REGISTRY_STORAGE/],
  ])("are none when the bucket answers %i %s, and no secret is told", async (status, code, advice) => {
    refusal = [status, code];
    const thrown: unknown = await openBucket().catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(S3RequestError);
    expect((thrown as Error).message).toMatch(advice);
    expect(`${(thrown as Error).stack} ${JSON.stringify(thrown)} ${lines.join()}`).not.toContain("hush");
    // What no time changes is not tried again.
    expect(asked).toHaveLength(1);
  });

  it("take credentials from variables, or from files", async () => {
    await (await openBucket()).close();
    const [key, secret] = [join(root, "access-key-id"), join(root, "secret-access-key")];
    writeFileSync(key, "AKIDFILE\n");
    writeFileSync(secret, "hush-file\n");
    await (await openBucket({ CONIFER_S3_CREDENTIALS: root })).close();
    const ids = asked.map(({ authorization }) => /Credential=([^/]+)\//.exec(authorization)?.[1]);
    expect([...new Set(ids)]).toEqual(["AKIDFIRST", "AKIDFILE"]);
    expect(JSON.stringify([asked, lines])).not.toContain("hush");
  });

  it("are refused when the file with the operator's certificates is missing", async () => {
    await expect(openBucket({ ...KEYS, CONIFER_CA_BUNDLE: join(root, "none.pem") })).rejects.toThrow(
      "ENOENT",
    );
    expect(asked).toEqual([]);
  });

  it("reach a store by the proxy of the environment, but for hosts that are called without one", async () => {
    vi.stubEnv("http_proxy", endpoint);
    refusal = [403, "AccessDenied"];
    const far = { ...KEYS, CONIFER_S3_ENDPOINT: "http://store.invalid" };
    await expect(openBucket(far)).rejects.toThrow(/AccessDenied/);
    expect(asked).toHaveLength(1);
    // Nothing listens at this one.
    vi.stubEnv("http_proxy", "http://127.0.0.1:1");
    vi.stubEnv("no_proxy", "127.0.0.1");
    await expect(openBucket()).rejects.toThrow(/AccessDenied/);
    expect(asked).toHaveLength(2);
  });
});
