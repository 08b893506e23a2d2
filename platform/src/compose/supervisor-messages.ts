import type { AbilityRow } from "../drivers/embedded/sandbox/index.ts";

/** What a role tells the supervisor once it serves. */
export interface ReadyMessage {
  readonly ready: true;
  /** From the host: what its sandbox found on this machine. */
  readonly isolation?: readonly AbilityRow[];
}

/** Called by a role when it serves. Without a supervisor (a role started by hand) it does nothing. */
export function sayReady(details: Omit<ReadyMessage, "ready"> = {}): void {
  process.send?.({ ready: true, ...details } satisfies ReadyMessage);
  process.channel?.unref();
}

export function isReadyMessage(message: unknown): message is ReadyMessage {
  return typeof message === "object" && message !== null && (message as { ready?: unknown }).ready === true;
}
