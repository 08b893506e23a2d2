/** One row of the table on the first page: what a dyno is kept apart by or limited in, and how well. */
export interface IsolationRow {
  /** Such as `memory` or `network`. */
  readonly what: string;
  readonly level: "enforced" | "sampled" | "absent";
  /** By which means, such as `cgroup v2`. */
  readonly how: string;
  /** What the operator can do for a better level. */
  readonly more?: string;
}

/** What a role tells the supervisor once it serves. */
export interface ReadyMessage {
  readonly ready: true;
  /** From the host: what its sandbox found on this machine. */
  readonly isolation?: readonly IsolationRow[];
}

/** Called by a role when it serves. Without a supervisor (a role started by hand) it does nothing. */
export function sayReady(details: Omit<ReadyMessage, "ready"> = {}): void {
  process.send?.({ ready: true, ...details } satisfies ReadyMessage);
  process.channel?.unref();
}

export function isReadyMessage(message: unknown): message is ReadyMessage {
  return typeof message === "object" && message !== null && (message as { ready?: unknown }).ready === true;
}
