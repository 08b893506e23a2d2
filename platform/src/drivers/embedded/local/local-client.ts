import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from "node:http";
import { request as httpsRequest } from "node:https";
import type { Duplex, Readable } from "node:stream";
import { type ErrorId, errorCatalog } from "@conifer/contract";
import { BusinessError, type Claim, StaleClaim } from "../../../kernel/index.ts";
import { UPGRADE_BODY } from "./upgrade-body.ts";

/** Where another Conifer process listens, and the credential it wants. */
export type LocalPeer = SocketPeer | RemotePeer;

/** Whoever calls may be part of a trace, which goes on at the peer. */
interface Traced {
  /** The header `traceparent` of a call that is made now. Default: none. */
  readonly traceparent?: () => string | undefined;
}

/** A process on this machine. */
export interface SocketPeer extends Traced {
  readonly socketPath: string;
  readonly secret: string;
}

/** A process on another machine, over TLS. */
export interface RemotePeer extends Traced {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** The authority (PEM) that vouches for it, and the name that its certificate carries wherever it runs. */
  readonly ca: string;
  readonly serverName: string;
  /** It is given up when no connection is there after so long. Default 5 s. */
  readonly connectWithinMs?: number;
}

/** How a peer is called in messages. */
function placeOf(peer: LocalPeer): string {
  return "socketPath" in peer ? peer.socketPath : `${peer.host}:${peer.port}`;
}

/** The peer is not there or went away in the middle: try again when it is back. */
export class PeerGone extends Error {
  override readonly name = "PeerGone";
}

export interface CallOptions {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * Calls a peer and returns its JSON answer. Throws PeerGone when it cannot be reached, goes away before its answer is
 * whole, or the signal aborts; a BusinessError with the peer's own id and message when it refuses (`stale_claim`
 * arrives as conflict with that word first).
 */
export async function callPeer(peer: LocalPeer, route: string, options: CallOptions = {}): Promise<unknown> {
  const response = await send(peer, route, options);
  const text = await textOf(response).catch((cause) => {
    throw new PeerGone(`the answer to ${route} broke off`, { cause });
  });
  if (response.statusCode !== 200) throw refusal(response.statusCode ?? 500, text);
  return text === "" ? undefined : JSON.parse(text);
}

/** What a peer that refused an older claim threw there; undefined for anything else that a call throws. */
export function staleClaimOf(thrown: unknown, claim: Claim): StaleClaim | undefined {
  if (!(thrown instanceof BusinessError) || !thrown.message.startsWith("stale claim: ")) return undefined;
  return new StaleClaim(claim, Number(/older than claim (\d+)/.exec(thrown.message)?.[1] ?? Number.NaN));
}

/**
 * Calls a peer that answers with a line of JSON at a time. Ends when the peer ends or the signal aborts; throws PeerGone
 * when it breaks off, and like `callPeer` when it refuses.
 */
export async function* streamPeer(
  peer: LocalPeer,
  route: string,
  options: CallOptions = {},
): AsyncGenerator<unknown> {
  let rest = "";
  let response: IncomingMessage | undefined;
  try {
    response = await send(peer, route, options);
    if (response.statusCode !== 200) throw refusal(response.statusCode ?? 500, await textOf(response));
    response.setEncoding("utf8");
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") yield JSON.parse(line);
    }
  } catch (cause) {
    if (options.signal?.aborted) return;
    if (response?.statusCode !== 200 || cause instanceof SyntaxError) throw cause;
    throw new PeerGone(`the stream ${route} broke off`, { cause });
  } finally {
    response?.destroy();
  }
}

/** Opens a raw two-way connection with an `Upgrade` request; the body is its first bytes. Throws like `callPeer`. */
export function upgradePeer(
  peer: LocalPeer,
  route: string,
  { body }: Pick<CallOptions, "body"> = {},
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const length = text === undefined ? {} : { [UPGRADE_BODY]: text.length };
    const request = open(peer, route, { headers: { connection: "Upgrade", upgrade: "conifer", ...length } });
    request.on("upgrade", (_response, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.on("response", (response) => {
      void textOf(response).then((text) => reject(refusal(response.statusCode ?? 500, text)), reject);
    });
    request.on("error", (cause) => reject(new PeerGone(`${placeOf(peer)} is not there`, { cause })));
    // Behind the request, not in it: what Node does with a body before an upgrade differs between its versions.
    request.end(() => text && request.socket?.write(text));
  });
}

/** Calls a peer that answers with bytes; the stream fails when the peer goes away. Throws like `callPeer`. */
export async function readPeer(peer: LocalPeer, route: string, options: CallOptions = {}): Promise<Readable> {
  const response = await send(peer, route, options);
  if (response.statusCode === 200) return response;
  throw refusal(response.statusCode ?? 500, await textOf(response));
}

function send(peer: LocalPeer, route: string, { body, signal }: CallOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = open(peer, route, { headers: { "content-type": "application/json" }, signal });
    request.on("response", resolve);
    request.on("error", (cause) => reject(new PeerGone(`${placeOf(peer)} did not answer`, { cause })));
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/**
 * Starts a request whose body the caller writes; `route` is `"POST /logs"`. Each has a connection of its own: a kept one
 * may have been closed by a peer that restarted, and would fail a call that was never made.
 */
export function open(
  peer: LocalPeer,
  route: string,
  options: { headers?: OutgoingHttpHeaders; signal?: AbortSignal },
): ClientRequest {
  const [method = "GET", path = "/"] = route.split(" ");
  const traceparent = peer.traceparent?.();
  const request = {
    agent: false,
    method,
    path,
    headers: {
      authorization: `Bearer ${peer.secret}`,
      ...(traceparent === undefined ? {} : { traceparent }),
      ...options.headers,
    },
    ...(options.signal ? { signal: options.signal } : {}),
  } as const;
  if ("socketPath" in peer) return httpRequest({ ...request, socketPath: peer.socketPath });
  const { host, port, ca, serverName, connectWithinMs = CONNECT_MS } = peer;
  const opened = httpsRequest({ ...request, host, port, ca, servername: serverName });
  return boundConnect(opened, connectWithinMs);
}

const CONNECT_MS = 5_000;
const KEEP_ALIVE_MS = 15_000;

/** A machine that is gone is given up after seconds, before an answer has begun and in the middle of one. */
function boundConnect(request: ClientRequest, withinMs: number): ClientRequest {
  const late = setTimeout(() => request.destroy(new Error("no connection in time")), withinMs);
  request.once("close", () => clearTimeout(late));
  request.once("socket", (socket) => {
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.once("secureConnect", () => clearTimeout(late));
  });
  return request;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function refusal(status: number, text: string): Error {
  try {
    const { id, message } = JSON.parse(text) as { id: string; message: string };
    if (id === "stale_claim") return new BusinessError("conflict", `stale claim: ${message}`);
    if (id !== "internal" && id in errorCatalog) return new BusinessError(id as ErrorId, message);
    return new Error(message);
  } catch {
    return new Error(`local call answered ${status}`);
  }
}
