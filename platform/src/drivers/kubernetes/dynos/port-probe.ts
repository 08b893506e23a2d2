import { connect } from "node:net";
import { pause } from "../../../kernel/index.ts";

const SOONEST_MS = 3;
const LATEST_MS = 250;
const CONNECT_WITHIN_MS = 1_000;

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
