import { connect } from "node:net";
import { pause } from "../../../kernel/index.ts";

const SOONEST_MS = 3;
const LATEST_MS = 250;
const CONNECT_WITHIN_MS = 1_000;

/** An address that is preferred and answers no later than this after another is taken. */
const GRACE_MS = 100;

/**
 * Resolves with the address at which the port accepts connections, from here: the first of them that does, in the order
 * given, where several do. Addresses that lead nowhere, or where nobody listens, hold nothing up. Undefined at an abort.
 */
export async function findAddress(
  addresses: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  try {
    const found = await Promise.race(
      addresses.map(async (host) => ((await probePort({ host, port }, until)) ? host : undefined)),
    );
    if (found === undefined) return undefined;
    const better = addresses.slice(0, addresses.indexOf(found));
    const late = AbortSignal.any([until, AbortSignal.timeout(GRACE_MS)]);
    const heard = await Promise.all(better.map((host) => accepts({ host, port }, late)));
    return better.find((_, at) => heard[at]) ?? found;
  } finally {
    over.abort();
  }
}

/**
 * Resolves with true as soon as the port accepts a connection, with false at an abort. It asks often at first and then
 * rarer, so that no start is seen more than a twentieth late.
 */
export async function probePort(
  address: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<boolean> {
  const begin = performance.now();
  while (!signal.aborted) {
    if (await accepts(address, signal)) return true;
    const elapsed = performance.now() - begin;
    await pause(Math.min(LATEST_MS, Math.max(SOONEST_MS, elapsed / 20)), signal);
  }
  return false;
}

function accepts(
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_WITHIN_MS });
    const end = (accepted: boolean) => {
      signal.removeEventListener("abort", refuse);
      socket.destroy();
      resolve(accepted);
    };
    const refuse = () => end(false);
    signal.addEventListener("abort", refuse, { once: true });
    socket.once("connect", () => end(!signal.aborted));
    socket.once("timeout", refuse);
    socket.once("error", refuse);
  });
}
