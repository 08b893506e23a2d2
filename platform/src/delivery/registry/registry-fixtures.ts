import { randomBytes } from "node:crypto";
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import { expect } from "vitest";
import { type Logger, type MasterKey, newId, silentLogger } from "../../kernel/index.ts";
import { digestOf, encodeDocument, MEDIA, makeManifest, type OciDescriptor } from "../image/index.ts";
import type { RegistryLimits } from "./registry-call.ts";
import {
  issuePullCredential,
  issuePushCredential,
  issueRoleCredential,
  type RegistryCredential,
  registryKeys,
} from "./registry-credentials.ts";
import type {
  RepositoryManagement,
  RepositoryRecords,
  ServedContent,
  UploadStore,
} from "./registry-ports.ts";
import { parseRepository, type RegistryRole, type Repository } from "./registry-rules.ts";
import { type RunningRegistry, startRegistry } from "./registry-server.ts";

export interface RegistryStores {
  readonly content: ServedContent;
  readonly records: RepositoryRecords & RepositoryManagement;
  readonly uploads: UploadStore;
}

/** What came back of a request. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** The codes of an error answer. */
  readonly codes: readonly string[];
}

export interface RegistryClientRequest {
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer | string;
}

export interface TestRegistry {
  readonly port: number;
  readonly keys: MasterKey;
  readonly registry: RunningRegistry;
  pull(space: string): RegistryCredential;
  push(repository: string, forMs?: number): RegistryCredential;
  /** The credential of somebody with a role in a repository. */
  role(role: RegistryRole, repository: string): RegistryCredential;
  /** `what` is `GET /v2/…`. */
  ask(what: string, as?: RegistryCredential, more?: RegistryClientRequest): Promise<Reply>;
}

export function repository(name: string): Repository {
  const parsed = parseRepository(name);
  if (!parsed) throw new Error(`${name} is not a repository`);
  return parsed;
}

export function testKeys(): MasterKey {
  return registryKeys({ current: 1, keys: new Map([[1, randomBytes(32)]]) });
}

/** A registry on a free port of loopback, over these stores. */
export async function startTestRegistry(
  stores: RegistryStores,
  limits: Partial<RegistryLimits> = {},
  logger: Logger = silentLogger,
): Promise<TestRegistry> {
  const keys = testKeys();
  const now = () => new Date();
  const registry = await startRegistry({
    ...stores,
    ...{ keys, now, newId, limits, addresses: ["127.0.0.1"], port: 0, logger },
  });
  const port = registry.ports[0] ?? 0;
  return {
    port,
    keys,
    registry,
    pull: (space) => issuePullCredential(space, now(), keys),
    push: (name, forMs = 600_000) =>
      issuePushCredential(repository(name), new Date(Date.now() + forMs), keys),
    role: (role, name) => issueRoleCredential(role, repository(name), new Date(Date.now() + 600_000), keys),
    ask: (what, as, more) => ask(port, what, { ...more, ...(as ? { as } : {}) }),
  };
}

/** Expects something of what the work returns, sooner or later: machines that run tests are busy. */
export function eventually<T>(work: () => T) {
  return expect.poll(work, { timeout: 20_000 });
}

export function basic({ username, password }: Pick<RegistryCredential, "username" | "password">): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** One request on a connection of its own; paths go out exactly as they are written. */
export function ask(
  port: number,
  what: string,
  { as, headers, body }: RegistryClientRequest & { as?: RegistryCredential },
): Promise<Reply> {
  const [method = "GET", path = "/"] = what.split(" ", 2);
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      ...{ host: "127.0.0.1", port, method, path, agent: false },
      headers: { ...(as ? { authorization: basic(as) } : {}), ...headers },
    });
    request.once("error", reject).once("response", (response) => {
      buffer(response).then((bytes) => {
        const text = bytes.toString();
        const isError = (response.statusCode ?? 0) >= 400 && bytes.length > 0;
        const codes = isError ? JSON.parse(text).errors.map((one: { code: string }) => one.code) : [];
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text, codes });
      }, reject);
    });
    request.end(body);
  });
}

/** Pushes a blob in one request and returns its descriptor. */
export async function pushBlob(
  registry: TestRegistry,
  name: string,
  content: Buffer | string,
  mediaType: string = MEDIA.layer,
): Promise<OciDescriptor> {
  const body = Buffer.from(content);
  const digest = digestOf(body);
  const path = `POST /v2/${name}/blobs/uploads/?digest=${digest}`;
  const { status, text } = await registry.ask(path, registry.push(name), { body });
  if (status !== 201) throw new Error(`pushing a blob: ${status} ${text}`);
  return { mediaType, digest, size: body.length };
}

/** Pushes an image of one layer and returns its digest and parts. */
export async function pushImage(
  registry: TestRegistry,
  name: string,
  { tag, layer = randomBytes(64) }: { tag?: string; layer?: Buffer } = {},
): Promise<{ digest: string; bytes: Buffer; layer: OciDescriptor; config: OciDescriptor }> {
  const pushedLayer = await pushBlob(registry, name, layer);
  const document = encodeDocument(MEDIA.config, {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: [pushedLayer.digest] },
  });
  const config = await pushBlob(registry, name, document.bytes, MEDIA.config);
  const { bytes, descriptor } = encodeDocument(MEDIA.manifest, makeManifest(config, [pushedLayer]));
  const { status, text } = await putManifestAt(registry, name, tag ?? descriptor.digest, bytes);
  if (status !== 201) throw new Error(`pushing a manifest: ${status} ${text}`);
  return { digest: descriptor.digest, bytes, layer: pushedLayer, config };
}

export function putManifestAt(
  registry: TestRegistry,
  name: string,
  reference: string,
  body: Buffer | string,
) {
  const headers = { "content-type": MEDIA.manifest };
  return registry.ask(`PUT /v2/${name}/manifests/${reference}`, registry.push(name), { body, headers });
}
