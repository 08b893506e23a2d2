import { mkdtempSync, rmSync } from "node:fs";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { openCertificateAuthority } from "../../../edge/certificate/index.ts";
import { systemClock } from "../../../kernel/index.ts";
import type { KubeAccess, KubeCredentials } from "./kube-access.ts";

/** One request that waits for the test's answer. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** As it stood in the request line, with its question mark. */
  readonly queryText: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** SHA-256 of the client's certificate; undefined when it showed none. */
  readonly clientFingerprint: string | undefined;
  /** The host name the client named within TLS. */
  readonly serverName: string | undefined;
  /** Number of the connection it came over, from 0. */
  readonly connection: number;
  /** Objects are sent as JSON, texts as they are. */
  reply(status: number, body: unknown, headers?: Readonly<Record<string, string>>): void;
  /** Begins an answer of status 200 that goes on as the test feeds it. */
  begin(): Feed;
  /** Drops the connection. */
  cut(): void;
  /** Resolves when the client or the server has dropped it. */
  readonly closed: Promise<void>;
}

/** The rest of an answer. */
export interface Feed {
  /** Resolves when the bytes are with the kernel. */
  write(text: string | Uint8Array): Promise<void>;
  event(type: string, object: unknown): Promise<void>;
  end(): void;
  /** Drops the connection in the middle of the answer. */
  cut(): void;
  readonly closed: Promise<void>;
}

/** An API server in this process that knows no rules of its own: each request waits for what the test answers. */
export interface ScriptedApi {
  readonly port: number;
  readonly url: string;
  /** The next request, in the order of their coming, as soon as it is there. */
  next(): Promise<Exchange>;
  /** Answers what comes from now on without being asked, in place of `next`. */
  serve(handler: (exchange: Exchange) => void): void;
  /** Requests that came and were not taken. */
  waiting(): number;
  close(): Promise<void>;
}

export interface ScriptedApiOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly host?: string;
}

/** Like a real one it would rather speak HTTP/2, which a client must not take up. */
const SECURE = { requestCert: true, rejectUnauthorized: false, ALPNProtocols: ["h2", "http/1.1"] };

export async function openScriptedApi(options: ScriptedApiOptions = {}): Promise<ScriptedApi> {
  const { host = "127.0.0.1", tls } = options;
  const queue: Exchange[] = [];
  const asking: ((exchange: Exchange) => void)[] = [];
  let serve: ((exchange: Exchange) => void) | undefined;
  const connections = new WeakMap<object, number>();
  let opened = 0;
  const listener: RequestListener = async (request, response) => {
    const body = await bodyOf(request);
    if (body === undefined) return;
    const connection = connections.get(request.socket) ?? -1;
    const exchange = makeExchange({ request, response, body, connection });
    const take = serve ?? asking.shift();
    if (take) take(exchange);
    else queue.push(exchange);
  };
  const server = tls ? createSecureServer({ ...tls, ...SECURE }, listener) : createServer(listener);
  server.on(tls ? "secureConnection" : "connection", (socket: object) => connections.set(socket, opened++));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`,
    next: () => {
      const first = queue.shift();
      return first ? Promise.resolve(first) : new Promise((resolve) => asking.push(resolve));
    },
    serve: (handler) => {
      serve = handler;
      for (const exchange of queue.splice(0)) handler(exchange);
    },
    waiting: () => queue.length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Undefined when the client goes away before its end. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  } catch {
    return undefined;
  }
}

function makeExchange(parts: {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
  readonly connection: number;
}): Exchange {
  const { request, response, body, connection } = parts;
  const [path = "", ...rest] = (request.url ?? "").split("?");
  const closed = new Promise<void>((resolve) => response.once("close", resolve));
  const { servername, getPeerCertificate } = request.socket as Partial<TLSSocket> & { servername?: unknown };
  const cut = () => void request.socket.destroy();
  const write = (text: string | Uint8Array) =>
    new Promise<void>((resolve) => response.write(text, () => resolve()));
  return {
    ...{ method: request.method ?? "", path, headers: request.headers, body, connection, closed, cut },
    query: Object.fromEntries(new URLSearchParams(rest.join("?"))),
    queryText: rest.length > 0 ? `?${rest.join("?")}` : "",
    clientFingerprint: getPeerCertificate?.call(request.socket as TLSSocket)?.fingerprint256,
    serverName: typeof servername === "string" ? servername : undefined,
    reply: (status, answer, headers = {}) => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
    },
    begin: () => {
      response.writeHead(200, { "content-type": "application/json" });
      response.flushHeaders();
      return {
        ...{ write, cut, closed },
        event: (type, object) => write(`${JSON.stringify({ type, object })}\n`),
        end: () => void response.end(),
      };
    },
  };
}

/** How a client reaches that server: no certificate and no token unless given. */
export function accessTo(server: string, given: Partial<KubeAccess> = {}): KubeAccess {
  return {
    server,
    ca: undefined,
    serverName: undefined,
    insecure: false,
    namespace: "default",
    credentials: async (): Promise<KubeCredentials> => ({}),
    ...given,
  };
}

/** Kubernetes' document for a refusal. */
export function status(code: number, reason: string, message: string): unknown {
  return { kind: "Status", apiVersion: "v1", status: "Failure", message, reason, code };
}

export interface TestAuthority {
  readonly ca: string;
  issue(...hosts: readonly string[]): { readonly cert: string; readonly key: string };
}

/** An authority of the test's own; nothing of it is left on the disk. */
export function makeTestAuthority(): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), "conifer-kube-ca-"));
  try {
    const authority = openCertificateAuthority({
      caFile: join(folder, "ca.pem"),
      keyFile: join(folder, "keys", "ca.key"),
      now: systemClock,
    });
    return {
      ca: authority.caPem,
      issue: (...hosts) => {
        const { cert, key } = authority.issue(hosts);
        return { cert, key };
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
