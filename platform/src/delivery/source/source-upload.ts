import type { IncomingMessage, ServerResponse } from "node:http";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errorCatalog } from "@conifer/contract";
import { BusinessError, type Clock, isId, type Logger, logFailure, type NewId } from "../../kernel/index.ts";
import { bounded } from "./bounded.ts";
import { discardRest } from "./discard-rest.ts";
import type { ArchiveStore } from "./source-ports.ts";
import { sizeText } from "./tar-limits.ts";

/** An address of ours that was opened: what it is of, and whether it is still good. */
export interface OpenedUrl {
  readonly kind: "valid" | "expired" | "forged";
  readonly path?: string;
  readonly params?: Readonly<Record<string, string>>;
}

export interface UploadDependencies {
  readonly archives: ArchiveStore;
  /** Signs an absolute address under `base`, such as `https://localhost:6400`. */
  readonly sign: (url: {
    base: string;
    path: string;
    params: Record<string, string>;
    expires: Date;
  }) => string;
  /** Checks a signed address, absolute or as a request's path and query. */
  readonly open: (url: string, now: Date) => OpenedUrl;
  readonly now: Clock;
  readonly newId: NewId;
  readonly logger: Logger;
  /** Throws insufficient_storage when nothing new can be stored. Default: there is always room. */
  readonly requireRoom?: () => Promise<void>;
  /** Default 1 GiB. */
  readonly maxBytes?: number;
  /** A connection on which nothing moves for so long is given up. Default 60 s. */
  readonly idleMs?: number;
}

/** A source that can be uploaded; both addresses are good for an hour and are their own credential. */
export interface Upload {
  readonly getUrl: string;
  readonly putUrl: string;
}

export type OwnUpload = { readonly kind: "valid"; readonly id: string } | { readonly kind: "expired" };

export interface Uploads {
  /**
   * Gives out addresses for one source, and clears away uploads whose time is over. Throws insufficient_storage where there is no
   * room for one.
   */
  create(base: string): Promise<Upload>;
  /** The upload a signed address of ours is of; undefined for every other address. */
  ownUpload(url: string): OwnUpload | undefined;
  /** PUT and GET of uploads. Resolves with false, having touched nothing, for other paths. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

const PATH = /^\/source-uploads\/([^/]+)$/;
const HOUR_MS = 3_600_000;

/** Sources on their way in by `POST /sources` (facts: build §4). */
export function makeUploads(deps: UploadDependencies): Uploads {
  const ownUpload = (url: string): OwnUpload | undefined => {
    const opened = deps.open(url, deps.now());
    const id = PATH.exec(opened.path ?? "")?.[1];
    if (opened.kind === "forged" || id === undefined || !isId(id)) return undefined;
    return opened.kind === "expired" ? { kind: "expired" } : { kind: "valid", id };
  };
  return {
    create: async (base) => {
      const now = deps.now();
      // Twice the time the addresses live: a build may still be reading an upload whose address has just expired.
      await deps.archives.removeBefore(new Date(now.getTime() - 2 * HOUR_MS));
      await deps.requireRoom?.();
      const path = `/source-uploads/${deps.newId()}`;
      const expires = new Date(now.getTime() + HOUR_MS);
      const signed = (method: string) => deps.sign({ base, path, params: { method }, expires });
      return { getUrl: signed("GET"), putUrl: signed("PUT") };
    },
    ownUpload,
    handle: async (request, response) => {
      const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
      if (!PATH.test(path)) return false;
      try {
        await serve(request, response, deps);
      } catch (thrown) {
        answerFailure(thrown, response, deps.logger);
      }
      discardRest(request);
      return true;
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  deps: UploadDependencies,
): Promise<void> {
  const opened = deps.open(request.url ?? "/", deps.now());
  const id = PATH.exec(opened.path ?? "")?.[1];
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (opened.kind === "forged" || id === undefined || !isId(id)) {
    throw new BusinessError(
      "forbidden",
      "This address was altered. Use it exactly as POST /sources gave it.",
    );
  }
  if (opened.kind === "expired")
    throw new BusinessError("gone", "This address has expired. Make a new one with POST /sources.");
  if (opened.params?.method !== method) {
    throw new BusinessError("method_not_allowed", `This address is for ${opened.params?.method} only.`);
  }
  response.setTimeout(deps.idleMs ?? 60_000, () => response.destroy());
  if (method === "PUT") await receive(id, request, deps);
  else return await send(id, request, { response, deps });
  response.writeHead(200, { "Content-Length": 0 }).end();
}

async function receive(id: string, request: IncomingMessage, deps: UploadDependencies): Promise<void> {
  await deps.requireRoom?.();
  const most = deps.maxBytes ?? 1024 ** 3;
  const tooLarge = () =>
    new BusinessError(
      "payload_too_large",
      `The source is larger than ${sizeText(most)}, the most that is taken.`,
    );
  if (Number(request.headers["content-length"] ?? 0) > most) throw tooLarge();
  const content = new PassThrough();
  const limit = bounded(most, tooLarge);
  // Not `pipeline` from the request: it would destroy the connection that the refusal has to go back on.
  request.once("close", () => request.complete || limit.destroy(new Error("the upload broke off")));
  request.pipe(limit);
  const received = pipeline(limit, content);
  received.catch(() => {});
  await deps.archives.write(id, content);
  await received;
}

async function send(
  id: string,
  request: IncomingMessage,
  { response, deps }: { response: ServerResponse; deps: UploadDependencies },
): Promise<void> {
  const { content, sizeBytes } = await deps.archives.read(id);
  response.writeHead(200, { "Content-Type": "application/gzip", "Content-Length": sizeBytes });
  if (request.method === "HEAD") {
    content.destroy();
    response.end();
    return;
  }
  await pipeline(content, response);
}

const uploadFailed = (errorId: string) => `The upload failed (error ${errorId}). Try again.`;

function answerFailure(thrown: unknown, response: ServerResponse, logger: Logger): void {
  const known = thrown instanceof BusinessError ? thrown : undefined;
  if (response.headersSent || response.destroyed) {
    if (!known) logger.info("source upload broke off", { error: thrown });
    return void response.destroy();
  }
  const id = known?.id ?? "internal";
  const message =
    known?.message ?? uploadFailed(logFailure(logger, "source upload failed", { error: thrown }));
  response.writeHead(errorCatalog[id].status, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ id, message }));
}
