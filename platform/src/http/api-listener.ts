import {
  createServer as createHttpServer,
  type RequestListener,
  type Server,
  type ServerOptions,
} from "node:http";
import { createServer as createNetServer, type Server as NetServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { Logger, Running } from "../kernel/index.ts";

export interface ApiListenerOptions {
  readonly port: number;
  /** Addresses to listen on. */
  readonly addresses: readonly string[];
  readonly tls: { readonly cert: string; readonly key: string };
  /** Takes a connection inside TLS whose first bytes are not HTTP; `first` holds what was read. */
  readonly rendezvous: (socket: Duplex, first: Buffer) => void;
  readonly logger: Logger;
}

export interface ApiListener extends Running {
  /** For Fastify's `serverFactory`: the HTTP server that gets the connections of this port. */
  makeServer(options: ServerOptions, handler: RequestListener): Server;
  /** Opens the port. Rejects when it is taken. */
  listen(): Promise<void>;
}

/** Longest a new connection may take to show what it speaks. */
const FIRST_BYTES_MS = 10_000;
/** A TLS handshake record; no HTTP request starts with it. (RFC 8446 §5.1) */
const TLS_HANDSHAKE = 0x16;

/** One port for http, https and, inside TLS, rendezvous, told apart by the first bytes. (design §2) */
export function makeApiListener(options: ApiListenerOptions): ApiListener {
  const secure = createSecureContext(options.tls);
  const open = new Set<Socket>();
  let http: Server | undefined;
  const accept = (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    firstBytes(socket, (first) => {
      if (first[0] !== TLS_HANDSHAKE) return void http?.emit("connection", socket);
      acceptTls(socket, secure, options, () => http);
    });
  };
  const servers: NetServer[] = [];
  return {
    makeServer: (serverOptions, handler) => {
      http = createHttpServer(serverOptions, handler);
      http.keepAliveTimeout = 75_000;
      return http;
    },
    listen: async () => {
      for (const address of options.addresses) servers.push(await listenOn(address, options.port, accept));
    },
    stop: async () => {
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      for (const socket of open) socket.destroy();
      await Promise.all(closed);
    },
  };
}

function acceptTls(
  socket: Socket,
  secureContext: SecureContext,
  options: ApiListenerOptions,
  http: () => Server | undefined,
) {
  const inside = new TLSSocket(socket, { isServer: true, secureContext });
  inside.on("error", (error) => {
    options.logger.debug("tls connection failed", { error: error.message });
    socket.destroy();
  });
  firstBytes(inside, (first) => {
    if (/^[A-Z]+ $|^[A-Z]{1,20}( |$)/.test(first.toString("latin1", 0, 20).split(" ", 1)[0] ?? "")) {
      return void http()?.emit("connection", inside);
    }
    inside.read();
    options.rendezvous(inside, first);
  });
}

/** Calls back with the first bytes, which stay in the stream, or destroys a connection that shows none in time. */
function firstBytes(socket: Socket | TLSSocket, then: (first: Buffer) => void): void {
  const timer = setTimeout(() => socket.destroy(), FIRST_BYTES_MS);
  socket.once("close", () => clearTimeout(timer));
  socket.once("readable", () => {
    clearTimeout(timer);
    const first = socket.read() as Buffer | null;
    if (first === null) return void socket.destroy();
    socket.unshift(first);
    then(first);
  });
}

async function listenOn(address: string, port: number, accept: (socket: Socket) => void): Promise<NetServer> {
  const server = createNetServer({ pauseOnConnect: false, noDelay: true }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port, ipv6Only: address.includes(":") }, resolve);
  });
  return server;
}
