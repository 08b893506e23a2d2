import { flushCompileCache } from "node:module";
import type { AbilityRow } from "../drivers/embedded/sandbox/index.ts";

/** What a role tells the supervisor once it serves. */
export interface ReadyMessage {
  readonly ready: true;
  /** From the host: what its sandbox found on this machine. */
  readonly isolation?: readonly AbilityRow[];
}

/** Called by a role when it serves. Without a supervisor (a role started by hand) nobody hears it. */
export function sayReady(details: Omit<ReadyMessage, "ready"> = {}): void {
  process.send?.({ ready: true, ...details } satisfies ReadyMessage);
  process.channel?.unref();
  keepCompiledCode();
}

/**
 * Writes the compile cache soon after the start: by itself Node.js does it at a clean exit only, which a process that
 * runs for weeks and is killed never has.
 */
export function keepCompiledCode(): void {
  setTimeout(() => flushCompileCache(), 1_000).unref();
}

export function isReadyMessage(message: unknown): message is ReadyMessage {
  return typeof message === "object" && message !== null && (message as { ready?: unknown }).ready === true;
}
