import { isIP } from "node:net";
import type { IssueError } from "./certificate-ports.ts";

/** What is known of one name that certificates are asked for. Times are milliseconds since 1970. */
export interface AskedCertificate {
  readonly host: string;
  readonly current?: IssuedChain;
  /** The certificate that is on its way: the private key it is for (PEM), and where the order stands. */
  readonly order?: { readonly key: string; readonly authority: string; readonly reference?: string };
  /** Attempts that failed since the last one that did not. */
  readonly failures: number;
  readonly triedAt?: number;
  /** Which authority was asked then: another one knows nothing of failures and waits. */
  readonly askedOf?: string;
  /** Why the last attempt failed. */
  readonly reason?: string;
  /** Not to be asked for before. */
  readonly nextAt: number;
}

/** A certificate as an authority issued it, with its private key: PEM. */
export interface IssuedChain {
  /** Which authority: its directory's URL. */
  readonly authority: string;
  readonly chain: string;
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

/** The authority as a whole is left alone until then. */
export interface AuthorityTrouble {
  readonly authority: string;
  readonly reason: string;
  readonly at: number;
  readonly until: number;
  readonly failures: number;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Attempts after 0, 2, 6, 14 and 30 minutes: authorities allow five failures of a name in an hour. */
const FIRST_WAIT_MS = 2 * MINUTE;
const LONGEST_WAIT_MS = DAY;
const FIRST_PAUSE_MS = MINUTE;
const LONGEST_PAUSE_MS = 60 * MINUTE;
const LONGEST_RETRY_AFTER_MS = 7 * DAY;
/** Names are file names, too. */
const LONGEST_HOST = 240;
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether an authority may be asked for this name: those that only one machine knows (RFC 6761 §6.3) and wildcards are not proven by http. */
export function mayBeAsked(host: string): boolean {
  if (host.length > LONGEST_HOST || isIP(host) !== 0 || /(?:^|\.)localhost$/.test(host)) return false;
  return HOST.test(host);
}

/** From when the authority is to be asked: at once without a certificate of it, else when two thirds of its time are over. */
export function dueAt({ current, nextAt }: AskedCertificate, authority: string): number {
  if (current?.authority !== authority) return nextAt;
  return Math.max(nextAt, current.from + ((current.to - current.from) * 2) / 3);
}

/** Whether it is time; a moment further away than any wait was written by a clock that was ahead. */
export function isDue(record: AskedCertificate, authority: string, now: number): boolean {
  const nextAt = record.nextAt - now > LONGEST_RETRY_AFTER_MS ? 0 : record.nextAt;
  return dueAt({ ...record, nextAt }, authority) <= now;
}

/** Whether the authority is to be left alone. */
export function isPaused(trouble: AuthorityTrouble | undefined, now: number): boolean {
  return trouble !== undefined && now < trouble.until && trouble.until - now <= LONGEST_PAUSE_MS;
}

/** Whether a record of a name that nobody wants any more may go: there is nothing in it that would be missed. */
export function isOver({ current, triedAt = 0 }: AskedCertificate, now: number): boolean {
  return current ? current.to <= now : now - triedAt > 2 * DAY;
}

/**
 * The record as it is kept before an attempt: as if it had failed, so that a process that dies of it does not ask again and
 * again.
 */
export function attempted(
  record: AskedCertificate,
  { now, key, authority }: { readonly now: number; readonly key: string; readonly authority: string },
): AskedCertificate {
  const kept = resumable(record, authority);
  const failures = record.failures + 1;
  return {
    ...record,
    order: kept ?? { key, authority },
    failures,
    triedAt: now,
    askedOf: authority,
    reason: "the attempt did not end",
    nextAt: now + doubled(FIRST_WAIT_MS, failures, LONGEST_WAIT_MS),
  };
}

/** A record as a new process takes it up: an order that could not end is gone on with at once, since that costs nothing. */
export function takenUp(record: AskedCertificate, authority: string): AskedCertificate {
  if (resumable(record, authority)) return { ...record, nextAt: 0 };
  const { host, current, triedAt, askedOf } = record;
  if (askedOf === undefined || askedOf === authority) return record;
  return { host, ...(current ? { current } : {}), failures: 0, ...(triedAt ? { triedAt } : {}), nextAt: 0 };
}

/** The order that a process began and could not end, where it is one of this authority. */
export function resumable({ order }: AskedCertificate, authority: string): AskedCertificate["order"] {
  return order?.reference !== undefined && order.authority === authority ? order : undefined;
}

export function succeeded({ host, triedAt }: AskedCertificate, current: IssuedChain): AskedCertificate {
  return { host, current, failures: 0, ...(triedAt ? { triedAt } : {}), nextAt: 0 };
}

/** The record after an attempt that `attempted` began. An order that failed is over; one whose authority went away stands. */
export function failed(record: AskedCertificate, error: IssueError, now: number): AskedCertificate {
  const ofName = error.scope === "name";
  const { order, ...rest } = record;
  const waitMs = Math.max(
    ofName ? doubled(FIRST_WAIT_MS, record.failures, LONGEST_WAIT_MS) : 0,
    Math.min(error.retryAfterMs, LONGEST_RETRY_AFTER_MS),
  );
  // What the authority does is no failure of the name.
  const failures = ofName ? record.failures : record.failures - 1;
  return {
    ...rest,
    ...(ofName || !order ? {} : { order }),
    failures,
    reason: error.message,
    nextAt: now + waitMs,
  };
}

/** The authority after it failed for no reason of a name. */
export function troubled(
  before: AuthorityTrouble | undefined,
  { message, retryAfterMs }: IssueError,
  { now, authority }: { readonly now: number; readonly authority: string },
): AuthorityTrouble {
  const failures = (before?.failures ?? 0) + 1;
  const waitMs = Math.max(doubled(FIRST_PAUSE_MS, failures, LONGEST_PAUSE_MS), retryAfterMs);
  return { authority, reason: message, at: now, until: now + Math.min(waitMs, LONGEST_PAUSE_MS), failures };
}

function doubled(first: number, times: number, longest: number): number {
  return Math.min(longest, first * 2 ** Math.min(times - 1, 30));
}
