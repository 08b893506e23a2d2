import {
  createServer as createHttpServer,
  type RequestListener,
  type Server,
  type ServerOptions,
} from "node:http";
import { createServer as createNetServer, type Server as NetServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { type Logger, pause, type Running } from "../kernel/index.ts";
import { isLoopback, makeRedirectServer } from "./https-redirect.ts";

export interface ApiListenerOptions {
  /** 0 takes any free one, the same on every address. */
  readonly port: number;
  /** Addresses to listen on. */
  readonly addresses: readonly string[];
  /** Asked for at the first connection and once a day, so that a certificate can be renewed while we run. */
  readonly tls: () => { readonly cert: string; readonly key: string };
  /** The certificate for a name that a client asks for, in place of `tls`. Default: `tls` for every name. */
  readonly certificateFor?: (host: string) => SecureContext | undefined;
  /** Takes a connection inside TLS whose first bytes are not HTTP; `first` holds what was read. */
  readonly rendezvous: (socket: Duplex, first: Buffer) => void;
  readonly logger: Logger;
  /** Longest a new connection may take to show what it speaks. Default 10 s. */
  readonly firstBytesMs?: number;
  /** Longest that requests in flight may go on after `stop`. Default 2 s. */
  readonly graceMs?: number;
  /** How long a certificate is used before it is asked for again. Default a day. */
  readonly renewTlsMs?: number;
  /** Whether a connection to this address may speak plain http. Default: only to a loopback address. */
  readonly mayBePlain?: (localAddress: string | undefined) => boolean;
}

export interface ApiListener extends Running {
  /** For Fastify's `serverFactory`: the HTTP server that gets the connections of this port. */
  makeServer(options: ServerOptions, handler: RequestListener): Server;
  /** Opens the port and tells which. Rejects when it cannot be had on some address; then it is open on none. */
  listen(): Promise<number>;
}

const FIRST_BYTES_MS = 10_000;
const GRACE_MS = 2_000;
const RENEW_TLS_MS = 86_400_000;
/** Longer than the client and the usual proxies keep an idle connection, so that they close it and not we. */
const KEEP_ALIVE_MS = 75_000;
/** A TLS handshake record; no HTTP request starts with it. (RFC 8446 §5.1) */
const TLS_HANDSHAKE = 0x16;

/** One port for http, https and, inside TLS, rendezvous, told apart by the first bytes. (design §2) */
export function makeApiListener(options: ApiListenerOptions): ApiListener {
  const secure = keepSecureContext(options);
  const mayBePlain = options.mayBePlain ?? isLoopback;
  const redirects = makeRedirectServer();
  const open = new Set<Socket>();
  let http: Server | undefined;
  const accept = (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    firstBytes(socket, options, (first) => {
      if (first[0] === TLS_HANDSHAKE) return acceptTls(socket, secure(), options, () => http);
      (mayBePlain(socket.localAddress) ? http : redirects)?.emit("connection", socket);
    });
  };
  const servers: NetServer[] = [];
  const closeServers = () =>
    Promise.all(servers.splice(0).map((server) => new Promise<void>((done) => server.close(() => done()))));
  return {
    makeServer: (serverOptions, handler) => {
      http = startChecks(createHttpServer(serverOptions, handler));
      return http;
    },
    listen: async () => {
      let port = options.port;
      try {
        for (const address of options.addresses) {
          const server = await listenOn(address, port, accept);
          servers.push(server);
          port = portOf(server);
        }
      } catch (thrown) {
        await closeServers();
        throw thrown;
      }
      return port;
    },
    stop: async () => {
      const closed = closeServers();
      await letFinish(http, open, options.graceMs ?? GRACE_MS);
      for (const socket of open) socket.destroy();
      http?.close();
      await closed;
    },
  };
}

/** Node watches over slow headers from the event of a server that listens; this one gets its connections from us. */
function startChecks(server: Server): Server {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.emit("listening");
  return server;
}

/** Closes idle connections until none is open or the time is over. */
async function letFinish(
  http: Server | undefined,
  open: ReadonlySet<Socket>,
  graceMs: number,
): Promise<void> {
  const until = performance.now() + graceMs;
  http?.closeIdleConnections();
  while (open.size > 0 && performance.now() < until) {
    await pause(20);
    http?.closeIdleConnections();
  }
}

function keepSecureContext({ tls, renewTlsMs = RENEW_TLS_MS }: ApiListenerOptions): () => SecureContext {
  let kept: { readonly context: SecureContext; readonly until: number } | undefined;
  return () => {
    const now = performance.now();
    if (!kept || now >= kept.until) kept = { context: createSecureContext(tls()), until: now + renewTlsMs };
    return kept.context;
  };
}

function acceptTls(
  socket: Socket,
  secureContext: SecureContext,
  options: ApiListenerOptions,
  http: () => Server | undefined,
): void {
  const inside = new TLSSocket(socket, {
    ...{ isServer: true, secureContext },
    SNICallback: (name, done) => {
      try {
        done(null, options.certificateFor?.(name.toLowerCase()));
      } catch (thrown) {
        done(thrown as Error);
      }
    },
  });
  inside.on("error", (error) => {
    options.logger.debug("tls connection failed", { error: error.message });
    socket.destroy();
  });
  firstBytes(inside, options, (first) => {
    if (isHttp(first)) return void http()?.emit("connection", inside);
    inside.read();
    options.rendezvous(inside, first);
  });
}

/** Methods are capital letters (RFC 9110 §9.1); a rendezvous secret starts with a small one. */
function isHttp(first: Buffer): boolean {
  return /^[A-Z]/.test(first.toString("latin1", 0, 1));
}

/** Calls back with the first bytes, which stay in the stream, or destroys a connection that shows none in time. */
function firstBytes(
  socket: Socket | TLSSocket,
  { firstBytesMs = FIRST_BYTES_MS }: ApiListenerOptions,
  then: (first: Buffer) => void,
): void {
  const timer = setTimeout(() => socket.destroy(), firstBytesMs);
  socket.once("close", () => clearTimeout(timer));
  socket.once("readable", () => {
    clearTimeout(timer);
    const first = socket.read() as Buffer | null;
    if (first === null) return void socket.destroy();
    socket.unshift(first);
    then(first);
  });
}

/** Half-open connections are kept: a client may end its side and still wait for the answer. */
async function listenOn(address: string, port: number, accept: (socket: Socket) => void): Promise<NetServer> {
  const server = createNetServer({ allowHalfOpen: true, noDelay: true }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port, ipv6Only: address.includes(":") }, resolve);
  });
  return server;
}

function portOf(server: NetServer): number {
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}
