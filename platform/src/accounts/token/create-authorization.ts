import type { Clock, Db, NewId } from "../../kernel/index.ts";
import {
  type Authorization,
  expiryOf,
  hashToken,
  hintOf,
  makeToken,
  parseDescription,
  parseScopes,
} from "./token.ts";
import { insertAuthorization, updateAuthorization } from "./token-store.ts";

export interface TokenDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
}

export interface WantedAuthorization {
  readonly accountId: string;
  readonly description?: string | null;
  readonly scope?: readonly string[];
  /** Seconds; null or absent for a token without an end. */
  readonly expiresIn?: number | null;
  /** Absent: a new one is made. */
  readonly token?: string;
}

/** Makes an authorization and its token. The token is returned here and never again. Throws invalid_params. */
export async function createAuthorization(
  wanted: WantedAuthorization,
  deps: TokenDependencies,
): Promise<{ authorization: Authorization; token: string }> {
  const now = deps.clock();
  const token = wanted.token ?? makeToken();
  const authorization: Authorization = {
    id: deps.newId(),
    accountId: wanted.accountId,
    description: parseDescription(wanted.description),
    scope: parseScopes(wanted.scope),
    tokenId: deps.newId(),
    tokenHint: hintOf(token),
    expiresAt: expiryOf(wanted.expiresIn, now),
    createdAt: now,
    updatedAt: now,
  };
  await insertAuthorization(deps.db, authorization, hashToken(token));
  return { authorization, token };
}

/** Replaces an authorization's token; the old one is refused from now on. */
export async function regenerateToken(
  authorization: Authorization,
  deps: TokenDependencies,
): Promise<{ authorization: Authorization; token: string }> {
  const now = deps.clock();
  const token = makeToken();
  const made = { id: deps.newId(), hash: hashToken(token), hint: hintOf(token) };
  await updateAuthorization(deps.db, authorization.id, { token: made }, now);
  return {
    authorization: { ...authorization, tokenId: made.id, tokenHint: made.hint, updatedAt: now },
    token,
  };
}
