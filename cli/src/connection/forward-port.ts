import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { CliError } from "../cli-error.ts";

export interface ForwardOptions {
  /** The port on this machine's loopback; 0 for any. */
  readonly port: number;
  /** Opens one connection to the other side; throws when there is nobody. */
  readonly open: () => Promise<Duplex>;
  /** Told once for each time in which nobody is there, and when somebody is again. */
  readonly tell: (line: string) => void;
  /** For messages: `the API`. */
  readonly what: string;
  /** Whether the other side can be told that a client has ended its half. Default: no. */
  readonly halves?: boolean;
}

export interface ForwardedPort {
  readonly port: number;
  /** Ends every connection. */
  stop(): Promise<void>;
}

/** `localhost` is either, and a client may know only one of them. */
const ADDRESSES = ["127.0.0.1", "::1"];
/** How long a client waits while pods are replaced. */
const OPEN_WITHIN_MS = 15_000;
const RETRY_MS = 250;
/** After the client's end, how long its answer may be silent where the other side cannot be told of that end. */
const LINGER_MS = 5_000;

/**
 * Takes connections on loopback and leads each to the other side on one of its own. While nobody is there a new one waits.
 * @throws CliError `failed` when the port is taken
 */
export async function forwardPort(options: ForwardOptions): Promise<ForwardedPort> {
  const sockets = new Set<Socket>();
  const stopping = new AbortController();
  const news = tellChanges(options);
  const take = (socket: Socket) => {
    sockets.add(socket.on("close", () => sockets.delete(socket)));
    // A client that goes away is no trouble of ours.
    socket.on("error", () => {});
    join(socket, { ...options, news, signal: stopping.signal }).catch(() => socket.destroy());
  };
  const servers = await listenAll(options, take);
  const address = servers[0]?.address();
  return {
    port: typeof address === "object" && address ? address.port : options.port,
    stop: async () => {
      stopping.abort();
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

/** A machine without IPv6 listens on IPv4 only. */
async function listenAll({ port, what }: ForwardOptions, take: (socket: Socket) => void): Promise<Server[]> {
  const servers: Server[] = [];
  let chosen = port;
  for (const host of ADDRESSES) {
    const server = createServer({ allowHalfOpen: true }, take);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject).listen({ port: chosen, host }, resolve);
      });
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      if (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT") continue;
      for (const other of servers) other.close();
      const why = code === "EADDRINUSE" ? "is taken" : `cannot be had (${code})`;
      throw new CliError("failed", `Port ${chosen} on ${host} ${why}; choose another for ${what}.`);
    }
    const address = server.address();
    if (typeof address === "object" && address) chosen = address.port;
    servers.push(server);
  }
  if (servers.length === 0) throw new CliError("failed", "This machine has no loopback address.");
  return servers;
}

interface Joining extends ForwardOptions {
  readonly news: { readonly away: (why: string) => void; readonly there: () => void };
  readonly signal: AbortSignal;
}

async function join(socket: Socket, options: Joining): Promise<void> {
  const remote = await openSoon(socket, options);
  if (!remote) return void socket.destroy();
  remote.on("error", () => socket.destroy());
  remote.on("close", () => socket.destroySoon());
  socket.on("close", () => remote.destroy());
  if (!options.halves)
    socket.on("end", () => {
      socket.setTimeout(LINGER_MS, () => socket.destroy());
    });
  socket.pipe(remote, { end: options.halves ?? false });
  remote.pipe(socket);
}

/** Nothing has been sent yet, so another try is safe. Undefined when the client has gone, or nobody came in time. */
async function openSoon(socket: Socket, { open, news, signal }: Joining): Promise<Duplex | undefined> {
  const until = performance.now() + OPEN_WITHIN_MS;
  while (!isGone(socket) && !signal.aborted) {
    try {
      const remote = await open();
      news.there();
      if (!isGone(socket)) return remote;
      remote.destroy();
      return undefined;
    } catch (thrown) {
      news.away(thrown instanceof Error ? thrown.message : String(thrown));
      if (performance.now() >= until) return undefined;
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
  return undefined;
}

/** One that ends before it has said anything wants no answer either. */
const isGone = (socket: Socket) => socket.destroyed || socket.readableEnded;

function tellChanges({ what, tell }: ForwardOptions): Joining["news"] {
  let isAway = false;
  return {
    away: (why) => {
      if (!isAway) tell(`${what} is not reached: ${why}. Trying again for each connection.`);
      isAway = true;
    },
    there: () => {
      if (isAway) tell(`${what} is reached again.`);
      isAway = false;
    },
  };
}
