import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { tellOnError } from "../cli/src/cluster/tell-steps.ts";
import { type ForwardedPort, forwardPort } from "../cli/src/connection/forward-port.ts";

/** Where a connection is led: one of these, in turn. */
export interface Places {
  readonly port: number;
  readonly addresses: readonly string[];
}

export interface LedVisitors extends ForwardedPort {
  /** The address that the places see visitors come from. */
  readonly seenAs: string;
}

/** For how long a list of places is good. */
const FRESH_MS = 1_000;
const CONNECT_MS = 2_000;
const FIRST_TRIES = 8;
const RETRY_MS = 250;

/**
 * A balancer on this machine's loopback, as an operator has one in front of a cluster: each connection is led to one of the
 * places, and a half of it that has ended ends on the other side. Places that take no connection are passed over; when none
 * does, the visitor's connection ends.
 * @throws Error when none does at the beginning, or the port is taken
 */
export async function leadVisitors(port: number, find: () => Promise<Places>): Promise<LedVisitors> {
  const open = openInTurn(find);
  const first = await openFirst(open);
  const { localAddress: seenAs = "" } = first;
  first.destroy();
  const forwarded = await forwardPort({
    port,
    what: "the apps' port",
    tell: tellOnError,
    halves: true,
    open,
  });
  return { ...forwarded, seenAs };
}

/**
 * A connection to the next place, from a list that is read anew every second, or at once when the last place was no good.
 * Throws when that takes none.
 */
function openInTurn(find: () => Promise<Places>): () => Promise<Socket> {
  let known: { readonly places: Promise<Places>; readonly until: number } | undefined;
  let turn = 0;
  return async () => {
    if (!known || performance.now() > known.until)
      known = { places: find(), until: performance.now() + FRESH_MS };
    try {
      const { port, addresses } = await known.places;
      const host = addresses[turn++ % Math.max(1, addresses.length)];
      if (host === undefined) throw new Error("nobody is there");
      return await openSocket(host, port);
    } catch (thrown) {
      known = undefined;
      throw thrown;
    }
  };
}

async function openFirst(open: () => Promise<Socket>): Promise<Socket> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await open();
    } catch (cause) {
      if (tried === FIRST_TRIES) throw new Error("no place takes connections", { cause });
      await sleep(RETRY_MS);
    }
  }
}

function openSocket(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true });
  return new Promise((resolve, reject) => {
    const fail = (cause?: Error) => {
      socket.destroy();
      reject(new Error(`${host} takes no connection`, { cause }));
    };
    socket.setTimeout(CONNECT_MS, fail).once("error", fail);
    socket.once("connect", () => {
      socket.setTimeout(0).off("error", fail);
      resolve(socket);
    });
  });
}
