import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger, Running } from "../../../kernel/index.ts";
import { failCall, refuseUpgrade, replyTo } from "./local-reply.ts";
import {
  BODY_LIMIT,
  compileRoutes,
  findRoute,
  type LocalHandler,
  type LocalUpgrade,
  requireSecret,
} from "./local-routes.ts";

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
  /** Largest body in bytes. Default 64 MiB. */
  readonly bodyLimit?: number;
}

/**
 * Serves other Conifer processes on this machine: HTTP over a unix socket of mode 0600, with a credential. A socket that
 * an earlier process left behind is replaced. Stopping breaks off calls, streams and upgraded connections.
 */
export async function startLocalServer(options: LocalServerOptions): Promise<Running> {
  const { socketPath, secret, logger, bodyLimit = BODY_LIMIT } = options;
  const handlers = compileRoutes(options.routes.map((routes) => routes.handlers ?? {}));
  const upgrades = compileRoutes(options.routes.map((routes) => routes.upgrades ?? {}));
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    requireSecret(request, secret);
    const { handler, call } = findRoute(handlers, request, { closing: response, bodyLimit });
    await replyTo(response, await handler(call));
  };
  const takeOver = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    requireSecret(request, secret);
    const { handler, call } = findRoute(upgrades, request, { closing: socket, bodyLimit });
    await handler(call, socket, head);
  };
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    answer(request, response).catch((thrown) => failCall(thrown, { request, response, logger }));
  });
  server.on("upgrade", (request, socket: Socket, head) => {
    socket.on("error", () => socket.destroy());
    takeOver(request, socket, head).catch((thrown) => refuseUpgrade(socket, thrown));
  });
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
