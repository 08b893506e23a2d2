import { createHash, randomBytes } from "node:crypto";
import { invalidParams, type Scope } from "../../kernel/index.ts";

/** An authorization and the token made for it. The token itself is known only when it is made. */
export interface Authorization {
  readonly id: string;
  readonly accountId: string;
  readonly description: string;
  readonly scope: readonly Scope[];
  readonly tokenId: string;
  /** Prefix, ten asterisks and suffix: what lists show, and what the client compares on logout. */
  readonly tokenHint: string;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** 256 random bits: a fast hash is enough to keep such a token, unlike a password. */
export function makeToken(): string {
  return `CNFR-${randomBytes(32).toString("base64url")}`;
}

/** The form in which a token is kept and looked up. */
export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** What may be shown of a token: enough to tell it from others, not to use it. */
export function hintOf(token: string): string {
  return `${token.slice(0, 9)}${"*".repeat(10)}${token.slice(-4)}`;
}

const SCOPES: readonly Scope[] = ["global", "identity", "read", "write", "read-protected", "write-protected"];

/** The scopes asked for, each once; `global` when none are. Throws invalid_params for an unknown one. */
export function parseScopes(given: readonly string[] | undefined): readonly Scope[] {
  if (given === undefined || given.length === 0) return ["global"];
  const unknown = given.filter((scope) => !(SCOPES as readonly string[]).includes(scope));
  if (unknown.length > 0)
    throw invalidParams(
      `Unknown scope ${unknown.join(", ").slice(0, 100)}. Scopes are ${SCOPES.join(", ")}.`,
    );
  return [...new Set(given)] as Scope[];
}

const LONGEST_DESCRIPTION = 1_000;

/** What a token is for, in its owner's words. Throws invalid_params when that is too long. */
export function parseDescription(text: string | null | undefined): string {
  if ((text ?? "").length > LONGEST_DESCRIPTION)
    throw invalidParams(`description has at most ${LONGEST_DESCRIPTION} characters.`);
  return text || "Token";
}

const LONGEST_LIFE_SECONDS = 100 * 365 * 86_400;

/** When a token made now ends: never without a lifetime; seconds otherwise. Throws invalid_params. */
export function expiryOf(seconds: number | null | undefined, now: Date): Date | null {
  if (seconds === null || seconds === undefined) return null;
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_LIFE_SECONDS) {
    throw invalidParams(
      `expires_in is a whole number of seconds from 1 to ${LONGEST_LIFE_SECONDS}. Leave it out for a token without an end.`,
    );
  }
  return new Date(now.getTime() + seconds * 1_000);
}

/** Whole seconds a token still has; null when it does not expire. */
export function secondsLeft(authorization: Authorization, now: Date): number | null {
  if (!authorization.expiresAt) return null;
  return Math.max(0, Math.floor((authorization.expiresAt.getTime() - now.getTime()) / 1_000));
}
