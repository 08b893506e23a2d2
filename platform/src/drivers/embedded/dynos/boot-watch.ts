import { pause } from "../../../kernel/index.ts";
import type { ListeningSocket, Sandbox } from "../sandbox/index.ts";
import type { Address } from "./dyno-machine.ts";

export type BootOutcome =
  | { readonly kind: "listening"; readonly address: Address }
  | { readonly kind: "timeout"; readonly found: readonly ListeningSocket[] }
  | { readonly kind: "ended" };

const SOONEST_MS = 3;
const LATEST_MS = 250;

/**
 * Looks until a process of the sandbox listens on the port where the router reaches it, for at most `withinMs`. A
 * listener that belongs to somebody else, or on loopback only, does not count. It looks often at first and then rarer,
 * so that no start is seen more than a twentieth late.
 */
export async function watchBoot(
  sandbox: Pick<Sandbox, "listeningSockets">,
  options: { readonly port: number; readonly withinMs: number; readonly signal: AbortSignal },
): Promise<BootOutcome> {
  const { port, withinMs, signal } = options;
  const begin = performance.now();
  while (!signal.aborted) {
    const address = reachable(await sandbox.listeningSockets(port));
    if (address) return { kind: "listening", address };
    const elapsed = performance.now() - begin;
    if (elapsed >= withinMs) return { kind: "timeout", found: await sandbox.listeningSockets() };
    await pause(Math.min(nextPauseMs(elapsed), Math.max(1, withinMs - elapsed)), signal);
  }
  return { kind: "ended" };
}

export function nextPauseMs(elapsedMs: number): number {
  return Math.min(LATEST_MS, Math.max(SOONEST_MS, elapsedMs / 20));
}

function reachable(sockets: readonly ListeningSocket[]): Address | undefined {
  return sockets.find(({ reachableAt }) => reachableAt !== undefined)?.reachableAt;
}
