import type { Clock, Db, Principal } from "../../kernel/index.ts";
import { findAccount, findPasswordHash, passwordMatches, updateAccount } from "../identity/index.ts";
import { hashToken } from "./token.ts";
import { findLiveAuthorization } from "./token-store.ts";

export interface AuthenticateDependencies {
  readonly db: Db;
  readonly clock: Clock;
}

/** Who a token acts for; undefined when it is unknown, revoked or expired, or its account is disabled. */
export async function authenticateToken(
  token: string,
  deps: AuthenticateDependencies,
): Promise<Principal | undefined> {
  if (token.length > 1_000) return undefined;
  const authorization = await findLiveAuthorization(deps.db, hashToken(token), deps.clock());
  const account = authorization && (await findAccount(deps.db, authorization.accountId));
  if (!account || account.disabledAt) return undefined;
  const { id, email } = account;
  return { accountId: id, email, scope: authorization.scope, authorizationId: authorization.id };
}

const NOBODYS_ID = "00000000-0000-0000-0000-000000000000";

/**
 * Who an e-mail address and password belong to; undefined when they do not belong together or the account is disabled.
 * Only the making of an authorization accepts them.
 */
export async function authenticatePassword(
  email: string,
  password: string,
  deps: AuthenticateDependencies,
): Promise<Principal | undefined> {
  if (password.length > 1_024) return undefined;
  const account = await findAccount(deps.db, email);
  // The same statements and the same hash for everybody: the time tells nobody which addresses have accounts.
  const stored = await findPasswordHash(deps.db, account?.id ?? NOBODYS_ID);
  if (!(await passwordMatches(password, stored)) || !account || account.disabledAt) return undefined;
  await updateAccount(deps.db, account.id, { lastLogin: deps.clock() }, deps.clock());
  return { accountId: account.id, email: account.email, scope: ["global"] };
}
