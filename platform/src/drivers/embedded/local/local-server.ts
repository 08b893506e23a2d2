import { timingSafeEqual } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { BusinessError, errorText, type Logger, type Running, StaleClaim } from "../../../kernel/index.ts";

/** One call over a local socket. */
export interface LocalCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
  readonly request: IncomingMessage;
  /** The parsed JSON body; bodies over 64 MiB are refused. */
  json(): Promise<unknown>;
}

/**
 * A handler's answer: a value becomes JSON, an async iterable becomes one JSON object a line (flushed as it comes),
 * undefined an empty body.
 */
export type LocalHandler = (call: LocalCall) => Promise<unknown>;
/** Takes over the connection of an `Upgrade: conifer` request. */
export type LocalUpgrade = (call: LocalCall, socket: Duplex, head: Buffer) => Promise<void>;

export interface LocalRoutes {
  /** `"PUT /apps/:appId/dynos"` → handler. */
  readonly handlers?: Readonly<Record<string, LocalHandler>>;
  readonly upgrades?: Readonly<Record<string, LocalUpgrade>>;
}

export interface LocalServerOptions {
  readonly socketPath: string;
  /** Every call must carry it as its bearer token. */
  readonly secret: string;
  readonly routes: readonly LocalRoutes[];
  readonly logger: Logger;
}

const BODY_LIMIT = 64 * 1024 * 1024;

/** Serves other Conifer processes on this machine: HTTP over a unix socket of mode 0600, with a credential. */
export async function startLocalServer(options: LocalServerOptions): Promise<Running> {
  const handlers = compile(options.routes.map((r) => r.handlers ?? {}));
  const upgrades = compile(options.routes.map((r) => r.upgrades ?? {}));
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    void answer(request, response).catch((thrown) => fail(response, thrown, options.logger));
  });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    requireSecret(request, options.secret);
    const { found, call } = route(handlers, request, response);
    await reply(response, await found(call));
  };
  server.on("upgrade", (request, socket, head) => {
    const refuse = (thrown: unknown) =>
      socket.end(`HTTP/1.1 ${statusOf(thrown)} Refused\r\n\r\n${errorText(thrown)}`);
    socket.on("error", () => socket.destroy());
    try {
      requireSecret(request, options.secret);
      const { found, call } = route(upgrades, request, socket);
      void found(call, socket, head).catch(refuse);
    } catch (thrown) {
      refuse(thrown);
    }
  });
  rmSync(options.socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.socketPath, resolve);
  });
  chmodSync(options.socketPath, 0o600);
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Compiled<H> = readonly { method: string; path: readonly string[]; handler: H }[];

function compile<H>(tables: readonly Readonly<Record<string, H>>[]): Compiled<H> {
  return tables.flatMap((table) =>
    Object.entries(table).map(([key, handler]) => {
      const [method = "", path = ""] = key.split(" ");
      return { method, path: path.split("/"), handler };
    }),
  );
}

function route<H>(table: Compiled<H>, request: IncomingMessage, closing: ServerResponse | Duplex) {
  const url = new URL(request.url ?? "/", "http://local");
  const parts = url.pathname.split("/");
  for (const { method, path, handler } of table) {
    const params = method === request.method ? match(path, parts) : undefined;
    if (!params) continue;
    const abort = new AbortController();
    closing.once("close", () => abort.abort());
    const call: LocalCall = {
      params,
      query: url.searchParams,
      signal: abort.signal,
      request,
      json: () => readJson(request),
    };
    return { found: handler, call };
  }
  throw new BusinessError("not_found", `no local route ${request.method} ${url.pathname}`);
}

function match(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, expected] of pattern.entries()) {
    const part = parts[i] ?? "";
    if (expected.startsWith(":")) params[expected.slice(1)] = decodeURIComponent(part);
    else if (expected !== part) return undefined;
  }
  return params;
}

function requireSecret(request: IncomingMessage, secret: string): void {
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${secret}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new BusinessError("unauthorized", "this socket needs Conifer's own credential");
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) throw new BusinessError("bad_request", "the body is too large");
    chunks.push(chunk);
  }
  return size === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

async function reply(response: ServerResponse, value: unknown): Promise<void> {
  if (!isAsyncIterable(value)) {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(value === undefined ? "" : JSON.stringify(value));
    return;
  }
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.flushHeaders();
  for await (const item of value) {
    if (response.destroyed) return;
    if (!response.write(`${JSON.stringify(item)}\n`)) await drained(response);
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      response.off("drain", end).off("close", end);
      resolve();
    };
    response.on("drain", end).on("close", end);
  });
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function statusOf(thrown: unknown): number {
  if (thrown instanceof StaleClaim) return 412;
  if (!(thrown instanceof BusinessError)) return 500;
  return { not_found: 404, unauthorized: 401, conflict: 409 }[thrown.id as string] ?? 400;
}

function fail(response: ServerResponse, thrown: unknown, logger: Logger): void {
  const status = statusOf(thrown);
  if (status === 500) logger.error("local call failed", { error: thrown });
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { "content-type": "application/json" });
  const id =
    thrown instanceof BusinessError ? thrown.id : thrown instanceof StaleClaim ? "stale_claim" : "internal";
  response.end(JSON.stringify({ id, message: errorText(thrown) }));
}
