import { Readable } from "node:stream";
import { Agent, EnvHttpProxyAgent } from "undici";
import {
  DOCUMENT_LIMIT,
  digestOf,
  isDigest,
  MEDIA,
  type OciDescriptor,
} from "../../../delivery/image/index.ts";
import { guardedLookup } from "./guarded-lookup.ts";
import { type Persistence, persist } from "./persist-request.ts";
import { mountWholeBlob, pushWholeBlob, type RegistryBlob } from "./push-blob.ts";
import { type BlobWanted, readWholeBlob } from "./read-blob.ts";
import { aboutOf, referrersIn, referrersTag, withReferrer } from "./referrers.ts";
import { breakOf, RegistryRequestError } from "./registry-request-error.ts";
import {
  discard,
  type RegistryLogin,
  type RegistryReply,
  type RegistryRequest,
  RegistryRequests,
} from "./registry-requests.ts";

export type { RegistryBlob } from "./push-blob.ts";

export interface RegistryClientOptions {
  /** Scheme, host and port: `https://registry.example.com`, or `http://…` for one without TLS. */
  readonly url: string;
  /** Basic credentials; they are also shown where the registry gives tokens. Nobody by default. */
  readonly login?: RegistryLogin | undefined;
  /** Certificates in PEM that are trusted in place of the system's. */
  readonly ca?: string | undefined;
  /** The way out of this network; empty and missing ones are not used. */
  readonly proxies?: { readonly http?: string; readonly https?: string; readonly none?: string } | undefined;
  /** Which addresses may be called, after names are resolved and redirects followed; all of them when missing. */
  readonly isAllowed?: (address: string) => boolean;
  readonly persistence?: Partial<Persistence>;
  /** Something that sends or takes no byte for so long is broken off (and tried again). */
  readonly stallMs?: number;
}

/** A manifest or index as the registry holds it. */
export interface PulledManifest {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Buffer;
}

interface Call {
  /** Breaks off what is under way; a blob that was not pushed to its end is not there. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One OCI registry (distribution-spec 1.1), as whoever the credentials say. Everything throws RegistryRequestError, with
 * what to do next, after trying again what may pass, and the signal's reason after an abort. Repositories are named as
 * in references, without the registry. Calls at the same time do not disturb each other.
 */
export interface RegistryClient {
  /** By tag or digest; undefined when there is none. A digest is checked. */
  pullManifest(repository: string, reference: string, call?: Call): Promise<PulledManifest | undefined>;
  /**
   * Pushes a manifest whose blobs and manifests are there, under a tag or its digest, and returns the digest. One about
   * another (`subject`) is listed with its referrers afterwards, whether the registry does that by itself or not.
   */
  pushManifest(
    repository: string,
    reference: string,
    manifest: { readonly mediaType: string; readonly bytes: Buffer },
    call?: Call,
  ): Promise<string>;
  /** What is about a manifest, in the registry's order. */
  referrers(
    repository: string,
    digest: string,
    artifactType?: string,
    call?: Call,
  ): Promise<readonly OciDescriptor[]>;
  hasBlob(repository: string, digest: string, call?: Call): Promise<boolean>;
  /** Content that goes on where it broke off, and is checked: a stream that ends without an error is the blob. */
  readBlob(repository: string, wanted: BlobWanted, call?: Call): Readable;
  /** Does nothing but that: ask `hasBlob` before. */
  pushBlob(repository: string, blob: RegistryBlob, call?: Call): Promise<void>;
  /** Has the registry take a blob over from another repository; false when it does not, and it has to be pushed. */
  mountBlob(repository: string, digest: string, from: string, call?: Call): Promise<boolean>;
  /** Ends what is under way. */
  close(): Promise<void>;
}

const PERSISTENCE: Persistence = { tries: 5, pauseMs: 500 };
const STALL_MS = 60_000;
const CONNECT_WITHIN_MS = 10_000;
/** A registry reads a large blob once more before it answers. */
const ANSWER_WITHIN_MS = 300_000;
const CONNECTIONS = 16;

const DOCUMENTS = [
  MEDIA.manifest,
  MEDIA.index,
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
].join(", ");

export function makeRegistryClient(options: RegistryClientOptions): RegistryClient {
  const stallMs = options.stallMs ?? STALL_MS;
  const dispatcher = makeDispatcher(options, stallMs);
  const { url, login, isAllowed } = options;
  const requests = new RegistryRequests({ url, login, dispatcher, stallMs, isAllowed });
  const persistence = { ...PERSISTENCE, ...options.persistence };
  const host = new URL(options.url).host;
  const calls = makeCalls({ requests, persistence, host });
  return { ...calls, close: () => dispatcher.destroy() };
}

function makeDispatcher({ ca, proxies, isAllowed }: RegistryClientOptions, stallMs: number) {
  const common = {
    // One connection that breaks would take all that is under way with it.
    allowH2: false,
    connections: CONNECTIONS,
    headersTimeout: ANSWER_WITHIN_MS,
    bodyTimeout: stallMs,
    connect: {
      timeout: CONNECT_WITHIN_MS,
      ...(ca === undefined ? {} : { ca }),
      ...(isAllowed ? { lookup: guardedLookup(isAllowed) } : {}),
    },
  };
  if (!proxies?.http && !proxies?.https) return new Agent(common);
  const { http = "", https = "", none = "" } = proxies;
  const requestTls = ca === undefined ? {} : { requestTls: { ca } };
  return new EnvHttpProxyAgent({
    ...common,
    ...requestTls,
    httpProxy: http,
    httpsProxy: https,
    noProxy: none,
  });
}

interface Context {
  readonly requests: RegistryRequests;
  readonly persistence: Persistence;
  readonly host: string;
}

function makeCalls(context: Context): Omit<RegistryClient, "close"> {
  const { requests, persistence, host } = context;
  const pullManifest: RegistryClient["pullManifest"] = async (repository, reference, call) => {
    const doing = `pulling the manifest ${reference} of ${host}/${repository}`;
    const target = `/v2/${repository}/manifests/${reference}`;
    const found = await readDocument(context, { doing, target, repository, ...call });
    if (!found) return undefined;
    const digest = digestOf(found.bytes);
    if (isDigest(reference) && digest !== reference)
      throw damaged(doing, `a document with the digest ${digest} came`);
    return { ...found, digest };
  };
  const blobTarget = (repository: string, call: Call = {}, from?: string) => ({
    ...{ requests, repository, where: `${host}/${repository}`, signal: call.signal },
    scopes: [pushScope(repository), ...(from === undefined ? [] : [pullScope(from)])],
  });
  return {
    pullManifest,
    async pushManifest(repository, reference, manifest, call) {
      const digest = digestOf(manifest.bytes);
      const { headers } = await putManifest(context, { repository, reference, manifest }, call);
      const about = aboutOf(manifest, digest);
      if (!about || headers["oci-subject"] !== undefined) return digest;
      const tag = referrersTag(about.subject);
      const list = (await pullManifest(repository, tag, call))?.bytes;
      const bytes = withReferrer(list, about.descriptor);
      const longer = { mediaType: MEDIA.index, bytes };
      if (bytes !== list) await putManifest(context, { repository, reference: tag, manifest: longer }, call);
      return digest;
    },
    async referrers(repository, digest, artifactType, call) {
      const doing = `asking what is about ${digest} in ${host}/${repository}`;
      const target = `/v2/${repository}/referrers/${digest}`;
      const list =
        (await readDocument(context, { doing, target, repository, ...call })) ??
        (await pullManifest(repository, referrersTag(digest), call));
      return list ? referrersIn(list.bytes, artifactType) : [];
    },
    async hasBlob(repository, digest, { signal } = {}) {
      const asked: RegistryRequest = {
        ...{ doing: `asking for ${digest} in ${host}/${repository}`, method: "HEAD", signal },
        ...{ target: `/v2/${repository}/blobs/${digest}`, scopes: [pullScope(repository)] },
      };
      const reply = await persist(() => requests.send(asked, [404]), persistence, signal);
      await discard(reply);
      return reply.status === 200;
    },
    readBlob: (repository, wanted, { signal } = {}) => {
      const doing = `reading ${wanted.digest} of ${host}/${repository}`;
      const ask = (from: number) =>
        requests.send({
          ...{ doing, method: "GET", target: `/v2/${repository}/blobs/${wanted.digest}`, signal },
          ...{ scopes: [pullScope(repository)], headers: from > 0 ? { range: `bytes=${from}-` } : {} },
        });
      return Readable.from(readWholeBlob(wanted, { doing, ask, persistence, signal }), { objectMode: false });
    },
    pushBlob: (repository, blob, call) =>
      persist(() => pushWholeBlob(blobTarget(repository, call), blob), persistence, call?.signal),
    mountBlob: (repository, digest, from, call) =>
      persist(
        () => mountWholeBlob(blobTarget(repository, call, from), digest, from),
        persistence,
        call?.signal,
      ),
  };
}

interface PutManifest {
  readonly repository: string;
  readonly reference: string;
  readonly manifest: { readonly mediaType: string; readonly bytes: Buffer };
}

async function putManifest(
  { requests, persistence, host }: Context,
  { repository, reference, manifest: { mediaType, bytes } }: PutManifest,
  { signal }: Call = {},
): Promise<RegistryReply> {
  const asked: RegistryRequest = {
    ...{ doing: `pushing the manifest ${reference} of ${host}/${repository}`, method: "PUT", signal },
    ...{ target: `/v2/${repository}/manifests/${reference}`, scopes: [pushScope(repository)] },
    headers: { "content-type": mediaType },
    body: { size: bytes.length, open: () => Readable.from([bytes]) },
  };
  const reply = await persist(() => requests.send(asked), persistence, signal);
  await discard(reply);
  return reply;
}

interface DocumentWanted extends Call {
  readonly doing: string;
  readonly target: string;
  readonly repository: string;
}

/** A manifest, an index or a list; undefined when there is none. */
async function readDocument(
  { requests, persistence }: Context,
  { doing, target, repository, signal }: DocumentWanted,
): Promise<{ readonly mediaType: string; readonly bytes: Buffer } | undefined> {
  const scopes = [pullScope(repository)];
  const asked: RegistryRequest = {
    doing,
    method: "GET",
    target,
    scopes,
    headers: { accept: DOCUMENTS },
    signal,
  };
  const read = async () => {
    const reply = await requests.send(asked, [404]);
    if (reply.status === 404) return void (await discard(reply));
    const type = reply.headers["content-type"];
    const mediaType = (typeof type === "string" ? type : "").split(";", 1)[0]?.trim() ?? "";
    return { mediaType, bytes: await bytesOf(doing, reply, signal) };
  };
  return await persist(read, persistence, signal);
}

async function bytesOf(
  doing: string,
  { body }: RegistryReply,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > DOCUMENT_LIMIT) break;
      parts.push(part);
    }
  } catch (thrown) {
    signal?.throwIfAborted();
    throw breakOf(doing, thrown);
  }
  if (size > DOCUMENT_LIMIT) throw damaged(doing, `a document of over ${DOCUMENT_LIMIT} bytes came`);
  return Buffer.concat(parts);
}

function damaged(doing: string, what: string): RegistryRequestError {
  const message = `${doing}: ${what}. What the registry holds is damaged: push it again.`;
  return new RegistryRequestError(message, { status: 200, passing: false });
}

const pullScope = (repository: string) => `repository:${repository}:pull`;
const pushScope = (repository: string) => `repository:${repository}:pull,push`;
