import type { Db } from "./db.ts";

/** Who caused something: an account, or Conifer itself when null. */
export interface Actor {
  readonly id: string;
  readonly email: string;
}

/** Everything that happens to an app and that another capability may act on. */
export type EventKind =
  | "app.created"
  | "app.updated"
  | "app.deleted"
  | "collaborator.added"
  | "collaborator.removed"
  | "build.created"
  | "build.cancelled"
  | "build.finished"
  | "release.created"
  | "release.succeeded"
  | "release.failed"
  | "release.touched"
  | "formation.changed"
  | "dynos.changed";

/** `data` holds ids, names and numbers that a log line or a webhook may show; never a secret. */
export interface NewEvent {
  readonly kind: EventKind;
  readonly appId: string;
  readonly actor: Actor | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface DomainEvent extends NewEvent {
  /** Grows in the order readers see events. */
  readonly seq: string;
  readonly at: Date;
}

/** Records an event in the transaction that makes the change; readers get it once that has committed. */
export type AppendEvent = (trx: Db, event: NewEvent) => Promise<void>;
