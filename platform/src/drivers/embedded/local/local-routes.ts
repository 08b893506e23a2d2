import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { BusinessError } from "../../../kernel/index.ts";

/** One call over a local socket. */
export interface LocalCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Aborted when the caller goes away, and when the answer is complete. */
  readonly signal: AbortSignal;
  readonly request: IncomingMessage;
  /** The parsed JSON body, undefined when there is none. Throws bad_request, and payload_too_large over 64 MiB. */
  json(): Promise<unknown>;
}

/**
 * A handler's answer: a value becomes JSON, a stream its bytes, another async iterable one JSON object a line (flushed as
 * it comes), undefined an empty body.
 */
export type LocalHandler = (call: LocalCall) => Promise<unknown>;
/** Takes over the connection of an `Upgrade: conifer` request: it writes the 101 itself. */
export type LocalUpgrade = (call: LocalCall, socket: Duplex, head: Buffer) => Promise<void>;

export const BODY_LIMIT = 64 * 1024 * 1024;

export type CompiledRoutes<H> = readonly {
  readonly method: string;
  readonly path: readonly string[];
  /** As it was given. */
  readonly route: string;
  readonly handler: H;
}[];

/** Prepares tables of `"METHOD /path/:param"` for `findRoute`. */
export function compileRoutes<H>(tables: readonly Readonly<Record<string, H>>[]): CompiledRoutes<H> {
  return tables.flatMap((table) =>
    Object.entries(table).map(([key, handler]) => {
      const [method = "", path = ""] = key.split(" ");
      return { method, path: path.split("/"), route: key, handler };
    }),
  );
}

/** The handler for a request and what it is called with. Throws not_found. */
export function findRoute<H>(
  routes: CompiledRoutes<H>,
  request: IncomingMessage,
  { closing, bodyLimit }: { closing: ServerResponse | Duplex; bodyLimit: number },
): { handler: H; call: LocalCall; route: string } {
  const url = new URL(request.url ?? "/", "http://local");
  const parts = url.pathname.split("/").map(decode);
  for (const { method, path, route, handler } of routes) {
    const params = method === request.method ? match(path, parts) : undefined;
    if (!params) continue;
    const abort = new AbortController();
    closing.once("close", () => abort.abort());
    const json = () => readJson(request, bodyLimit);
    return { handler, route, call: { params, query: url.searchParams, signal: abort.signal, request, json } };
  }
  throw new BusinessError("not_found", `no local route ${request.method} ${url.pathname}`);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new BusinessError("bad_request", "the path has a % that encodes nothing");
  }
}

function match(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, expected] of pattern.entries()) {
    const part = parts[i] ?? "";
    if (expected.startsWith(":")) params[expected.slice(1)] = part;
    else if (expected !== part) return undefined;
  }
  return params;
}

/** Throws unauthorized unless the request carries the secret. */
export function requireSecret(request: IncomingMessage, secret: string): void {
  if (isSame(request.headers.authorization ?? "", `Bearer ${secret}`)) return;
  throw new BusinessError("unauthorized", "this socket needs Conifer's own credential");
}

/** Where a request that is passed on for a client carries our secret: its `Authorization` is the client's. */
export const PASSED_ON = "conifer-passed-on";

/** Whether another of our processes has passed a client's request on. */
export function isPassedOn(request: IncomingMessage, secret: string): boolean {
  const given = request.headers[PASSED_ON];
  return typeof given === "string" && isSame(given, secret);
}

function isSame(givenText: string, wantedText: string): boolean {
  const [given, wanted] = [Buffer.from(givenText), Buffer.from(wantedText)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readJson(request: IncomingMessage, limit: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop must not destroy the request: the answer goes over the same connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new BusinessError("payload_too_large", `the body is over ${limit} bytes`);
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new BusinessError("bad_request", "the body is not valid JSON");
  }
}
