import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Where a connection is led: one of these, in turn. */
export interface Places {
  readonly port: number;
  readonly addresses: readonly string[];
}

export interface LedVisitors {
  readonly port: number;
  /** The address that the places see visitors come from. */
  readonly seenAs: string;
  /** Ends every connection. */
  stop(): Promise<void>;
}

/** For how long a list of places is good. */
const FRESH_MS = 1_000;
const CONNECT_MS = 2_000;
const TRIES = 8;
const RETRY_MS = 250;

/**
 * A balancer on this machine's loopback, as an operator has one in front of a cluster: each connection is led to one of the
 * places, and a half of it that has ended ends on the other side. Places that take no connection are passed over; when none
 * does, the visitor's connection ends.
 * @throws Error when none does at the beginning, or the port is taken
 */
export async function leadVisitors(port: number, find: () => Promise<Places>): Promise<LedVisitors> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => sockets.add(socket.on("close", () => sockets.delete(socket)));
  const next = takeTurns(find);
  const first = await reach(next, () => false);
  if (!first) throw new Error("no place takes connections");
  const { localAddress: seenAs = "" } = first;
  first.destroy();
  const server = createServer({ allowHalfOpen: true }, (visitor) => {
    keep(visitor).add(visitor);
    visitor.on("error", () => visitor.destroy());
    void lead(visitor, next, keep).catch(() => visitor.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen({ port, host: "127.0.0.1" }, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : port,
    seenAs,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/** The next place, from a list that is read anew every second, or at once when the last one was no good. */
function takeTurns(find: () => Promise<Places>): (isAgain: boolean) => Promise<Place> {
  let known: { readonly places: Promise<Places>; readonly until: number } | undefined;
  let turn = 0;
  return async (isAgain) => {
    if (!known || isAgain || performance.now() > known.until)
      known = { places: find(), until: performance.now() + FRESH_MS };
    const { port, addresses } = await known.places;
    const host = addresses[turn++ % Math.max(1, addresses.length)];
    if (host === undefined) throw new Error("nobody is there");
    return { host, port };
  };
}

async function lead(
  visitor: Socket,
  next: (isAgain: boolean) => Promise<Place>,
  keep: (socket: Socket) => unknown,
): Promise<void> {
  const router = await reach(next, () => visitor.destroyed);
  if (!router) return void visitor.destroy();
  keep(router);
  router.on("error", () => visitor.destroy());
  visitor.on("close", () => router.destroy());
  router.on("close", () => visitor.destroySoon());
  visitor.pipe(router).pipe(visitor);
}

/** A connection to the first place that takes one; undefined when none does, or it is no longer wanted. */
async function reach(
  next: (isAgain: boolean) => Promise<Place>,
  isOver: () => boolean,
): Promise<Socket | undefined> {
  for (let tried = 0; tried < TRIES && !isOver(); tried += 1) {
    if (tried > 0) await sleep(RETRY_MS);
    const place = await next(tried > 0).catch(() => undefined);
    const socket = place && (await open(place));
    if (socket) return socket;
  }
  return undefined;
}

/** Undefined when the place takes no connection in time. */
async function open(place: Place): Promise<Socket | undefined> {
  const socket = connect({ ...place, allowHalfOpen: true });
  return await new Promise((resolve) => {
    const fail = () => {
      socket.destroy();
      resolve(undefined);
    };
    socket.setTimeout(CONNECT_MS, fail).once("error", fail);
    socket.once("connect", () => {
      socket.setTimeout(0).off("error", fail);
      resolve(socket);
    });
  });
}
