import { randomUUID } from "node:crypto";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type SecureContext, type TLSSocket } from "node:tls";
import { type Clock, type Logger, type LogSink, pause, type Running } from "../../kernel/index.ts";
import type { IssuedCertificate } from "../certificate/index.ts";
import type { SleepingApps } from "../route/index.ts";
import type { RoutingTable } from "../table/index.ts";
import { AllTraffic } from "./app-traffic.ts";
import { ClientConnection, type ClientContext } from "./client-connection.ts";
import { Deadlines } from "./deadlines.ts";
import { hostName } from "./host-name.ts";
import { ProxyFigures } from "./proxy-figures.ts";
import { PROXY_LIMITS, type ProxyLimits } from "./proxy-limits.ts";
import { SleepingTraffic } from "./sleeping-traffic.ts";
import { Outbox } from "./socket-writer.ts";

export interface ProxyOptions {
  readonly table: RoutingTable;
  /** The apps' domain, in lower case. */
  readonly domain: string;
  /** HTML for hosts that mean this machine and no app. */
  readonly firstPage: () => string;
  /** What an authority of certificates is to read at a host's path for a token. Missing: nothing is proven. */
  readonly proof?: (host: string, token: string) => string | undefined;
  /** Gets one line per request. */
  readonly log: LogSink;
  /** For errors of our own. */
  readonly logger: Logger;
  readonly now: Clock;
  readonly addresses: readonly string[];
  /** 0 takes any free port, one for each address. */
  readonly port: number;
  readonly tls?: ProxyTls;
  readonly limits?: Partial<ProxyLimits>;
  readonly random?: () => number;
  /** The engine's apps that sleep, and how often it hears which have requests. Missing: none sleeps. */
  readonly sleeping?: { readonly apps: SleepingApps; readonly reportMs: number };
  /** Upper bounds, in seconds, by which `figures` tells how long requests took. Default: it does not. */
  readonly timeBounds?: readonly number[];
}

export interface ProxyTls {
  readonly port: number;
  /** The certificate of a host, asked at each handshake; undefined for hosts that do not exist. */
  certificateFor(host: string): SecureContext | undefined;
  /** For hosts that do not exist and clients that name none. */
  ownCertificate(): IssuedCertificate;
}

export interface RunningProxy extends Running {
  /** What it listens on, in the order of the addresses. */
  readonly ports: readonly number[];
  readonly tlsPorts: readonly number[];
  /** What was done. */
  readonly figures: ProxyFigures;
  /** What is being done: open connections, requests that dynos work on, and requests that wait for one. */
  load(): { readonly connections: number; readonly inFlight: number; readonly waiting: number };
  /** Leaves, stops accepting, lets requests in flight end, then cuts what is left: each within its limit. */
  stop(): Promise<void>;
}

/** What is listened on could not be had; `code` is the system's, such as EADDRINUSE. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: string;
  readonly address: string;
  readonly port: number;

  constructor(cause: NodeJS.ErrnoException, address: string, port: number) {
    super(`port ${port} on ${address} cannot be opened: ${cause.message}`, { cause });
    this.code = cause.code ?? "unknown";
    this.address = address;
    this.port = port;
  }
}

const CERTIFICATE_CHECK_MS = 60 * 60 * 1000;
const BACKLOG = 4096;

/** Starts the data plane. Throws ListenError when a port cannot be had; nothing stays open then. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const { table, tls, addresses, port } = options;
  const { domain, firstPage, proof, log, logger, now } = options;
  const limits = { ...PROXY_LIMITS, ...options.limits };
  const deadlines = new Deadlines();
  const sockets = { limits, deadlines, outbox: new Outbox() };
  const sleeping = options.sleeping && new SleepingTraffic({ ...options.sleeping, logger: options.logger });
  const traffic = new AllTraffic({ table, sockets, ...(sleeping ? { sleeping } : {}) });
  sleeping?.report(traffic);
  const figures = new ProxyFigures(options.timeBounds ?? []);
  const connections = new Set<ClientConnection>();
  const stopping = new AbortController();
  let lastAccepted = 0;
  let isClosed = false;
  let allClosed = () => {};
  const context: ClientContext = {
    ...sockets,
    traffic,
    ...{ domain, firstPage, proof, log, logger, now, figures },
    newId: randomUUID,
    random: options.random ?? Math.random,
    isStopping: () => stopping.signal.aborted,
    onClose: (connection) => {
      connections.delete(connection);
      if (connections.size === 0) allClosed();
    },
  };
  const accept = (socket: Socket, tlsVersion: string | undefined) => {
    lastAccepted = performance.now();
    if (isClosed) socket.destroy();
    else connections.add(new ClientConnection(context, { socket, tlsVersion }));
  };

  const servers: Server[] = [];
  const parts: Running[] = [deadlines.start(limits.tickMs)];
  const close = async () => {
    stopping.abort();
    isClosed = true;
    for (const server of servers) server.close();
    for (const connection of connections) connection.closeWhenIdle();
    const closed = new Promise<void>((resolve) => {
      allClosed = resolve;
      if (connections.size === 0) resolve();
    });
    const late = new AbortController();
    await Promise.race([closed, pause(limits.stopMs, late.signal)]);
    late.abort();
    for (const connection of [...connections]) connection.forceClose();
    await sleeping?.stop();
    traffic.close();
    for (const part of parts.splice(0)) await part.stop();
  };
  const stop = async () => {
    stopping.abort();
    await leave(limits.leaveMs, () => lastAccepted);
    await close();
  };
  const listen = async (make: () => Server, wanted: number) => {
    const ports: number[] = [];
    for (const address of addresses) {
      const server = make();
      servers.push(server);
      ports.push(await listenOn(server, address, wanted));
    }
    return ports;
  };
  try {
    const ports = await listen(() => plainServer(accept), port);
    const tlsPorts = tls ? await listen(() => secureServer(tls, accept, parts), tls.port) : [];
    const load = () => ({ connections: connections.size, ...traffic.load() });
    return { ports, tlsPorts, figures, load, stop };
  } catch (thrown) {
    await close(); // nobody has been told to come here
    throw thrown;
  }
}

const QUIET_PART = 5;
/** How often `leaveMs` a router takes at the most before it accepts no more. */
export const LONGEST_LEAVE = 3;

/** Returns after the time, and when then nobody has come for a part of it; or after three times as long. */
async function leave(leastMs: number, lastAccepted: () => number): Promise<void> {
  const began = performance.now();
  const step = leastMs / QUIET_PART;
  const isLeft = (now: number) =>
    now >= began + leastMs * LONGEST_LEAVE || (now >= began + leastMs && now >= lastAccepted() + step);
  while (leastMs > 0 && !isLeft(performance.now())) await pause(step);
}

type Accept = (socket: Socket, tlsVersion: string | undefined) => void;

/** Clients that close their side are told apart from those that are gone by the connection itself: half-open is allowed. */
function plainServer(accept: Accept): Server {
  return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => accept(socket, undefined));
}

function secureServer(tls: ProxyTls, accept: Accept, parts: Running[]): Server {
  let own = tls.ownCertificate();
  const server = createTlsServer({
    cert: own.cert,
    key: own.key,
    ALPNProtocols: ["http/1.1"],
    allowHalfOpen: true,
    noDelay: true,
    handshakeTimeout: 10_000,
    SNICallback: (name, done) => {
      try {
        done(null, tls.certificateFor(hostName(name)));
      } catch (thrown) {
        done(thrown as Error);
      }
    },
  });
  server.on("secureConnection", (socket: TLSSocket) => accept(socket, socket.getProtocol() ?? "unknown"));
  // Whoever cannot agree on TLS with us is nobody whom we could tell.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  const renewal = setInterval(() => {
    if (own.renewAt > new Date()) return;
    own = tls.ownCertificate();
    server.setSecureContext({ cert: own.cert, key: own.key });
  }, CERTIFICATE_CHECK_MS);
  parts.push({ stop: async () => clearInterval(renewal) });
  return server;
}

function listenOn(server: Server, address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(new ListenError(cause, address, port)));
    const ipv6Only = address.includes(":");
    server.listen({ port, host: address, ipv6Only, backlog: BACKLOG, exclusive: true }, () => {
      server.removeAllListeners("error").on("error", () => {});
      resolve((server.address() as AddressInfo).port);
    });
  });
}
