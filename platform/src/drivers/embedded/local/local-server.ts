import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger, Running } from "../../../kernel/index.ts";
import { failCall, refuseUpgrade, replyTo } from "./local-reply.ts";
import {
  BODY_LIMIT,
  compileRoutes,
  findRoute,
  isPassedOn,
  type LocalHandler,
  type LocalUpgrade,
  requireSecret,
} from "./local-routes.ts";

export interface LocalRoutes {
  /** `"PUT /apps/:appId/dynos"` → handler. */
  readonly handlers?: Readonly<Record<string, LocalHandler>>;
  readonly upgrades?: Readonly<Record<string, LocalUpgrade>>;
}

export interface TracedCall {
  /** As the table of routes has it. */
  readonly route: string;
  readonly traceparent: string;
}

interface LocalServerParts {
  /** Every call must carry it as its bearer token. */
  readonly secret: string;
  readonly routes: readonly LocalRoutes[];
  readonly logger: Logger;
  /** Done around each call that is part of a trace. Default: nothing. */
  readonly around?: (call: TracedCall, work: () => Promise<void>) => Promise<void>;
  /** Largest body in bytes. Default 64 MiB. */
  readonly bodyLimit?: number;
  /** Answers clients' requests that another of our processes passes on, see `passOn`. */
  readonly passedOn?: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;
}

export interface LocalServerOptions extends LocalServerParts {
  readonly socketPath: string;
}

export interface RemoteServerOptions extends LocalServerParts {
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string };
}

/** What git's clients send at the most, as the API takes it. */
const HEADER_BYTES = 64 * 1024;

/**
 * Serves other Conifer processes on this machine: HTTP over a unix socket of mode 0600, with a credential. A socket that
 * an earlier process left behind is replaced. Stopping breaks off calls, streams and upgraded connections.
 */
export async function startLocalServer(options: LocalServerOptions): Promise<Running> {
  const { socketPath } = options;
  const served = serve(options, createServer({ requestTimeout: 0 }));
  rmSync(socketPath, { force: true });
  await served.listen(socketPath);
  chmodSync(socketPath, 0o600);
  return served;
}

/** The same for Conifer processes on other machines: HTTP over TLS, on every address. Tells the port. */
export async function startRemoteServer(
  options: RemoteServerOptions,
): Promise<Running & { readonly port: number }> {
  const tls = { ...options.tls, requestTimeout: 0, maxHeaderSize: HEADER_BYTES };
  const server = createTlsServer(tls);
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  const { stop, listen } = serve(options, server);
  await listen(options.port);
  const address = server.address();
  return { stop, port: typeof address === "object" && address ? address.port : options.port };
}

function serve(options: LocalServerParts, server: Server) {
  const { secret, logger, passedOn, around, bodyLimit = BODY_LIMIT } = options;
  const handlers = compileRoutes(options.routes.map((routes) => routes.handlers ?? {}));
  const upgrades = compileRoutes(options.routes.map((routes) => routes.upgrades ?? {}));
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (passedOn && isPassedOn(request, secret)) return void (await passedOn(request, response));
    requireSecret(request, secret);
    const { handler, call, route } = findRoute(handlers, request, { closing: response, bodyLimit });
    const work = async () => await replyTo(response, await handler(call));
    const { traceparent } = request.headers;
    await (around && typeof traceparent === "string" ? around({ route, traceparent }, work) : work());
  };
  const takeOver = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    requireSecret(request, secret);
    const { handler, call } = findRoute(upgrades, request, { closing: socket, bodyLimit });
    await handler(call, socket, head);
  };
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch((thrown) => failCall(thrown, { request, response, logger }));
  });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    takeOver(request, socket, head).catch((thrown) => refuseUpgrade(socket, thrown));
  });
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  return {
    listen: (at: string | number) =>
      new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(at, resolve);
      }),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
