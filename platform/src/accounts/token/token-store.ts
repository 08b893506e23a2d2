import type { Db, Scope } from "../../kernel/index.ts";
import type { Authorization } from "./token.ts";

type TokenTables = {
  authorizations: {
    id: string;
    account_id: string;
    description: string;
    scope: string[];
    token_id: string;
    token_hash: Buffer;
    token_hint: string;
    expires_at: Date | null;
    created_at: Date;
    updated_at: Date;
  };
};

const tables = (db: Db) => db.withTables<TokenTables>();

const COLUMNS = [
  "id",
  "account_id as accountId",
  "description",
  "scope",
  "token_id as tokenId",
  "token_hint as tokenHint",
  "expires_at as expiresAt",
  "created_at as createdAt",
  "updated_at as updatedAt",
] as const;

type Row = Omit<Authorization, "scope"> & { scope: string[] };
const fromRow = (row: Row): Authorization => ({ ...row, scope: row.scope as Scope[] });

export async function insertAuthorization(
  db: Db,
  authorization: Authorization,
  tokenHash: Buffer,
): Promise<void> {
  const a = authorization;
  await tables(db)
    .insertInto("authorizations")
    .values({
      id: a.id,
      account_id: a.accountId,
      description: a.description,
      scope: [...a.scope],
      token_id: a.tokenId,
      token_hash: tokenHash,
      token_hint: a.tokenHint,
      expires_at: a.expiresAt,
      created_at: a.createdAt,
      updated_at: a.updatedAt,
    })
    .execute();
}

/** The authorization a token was made for, unless it has expired. */
export async function findLiveAuthorization(
  db: Db,
  tokenHash: Buffer,
  now: Date,
): Promise<Authorization | undefined> {
  const row = await tables(db)
    .selectFrom("authorizations")
    .select(COLUMNS)
    .where("token_hash", "=", tokenHash)
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", now)]))
    .executeTakeFirst();
  return row && fromRow(row);
}

/** All of an account that have not expired, oldest id first. */
export async function listAuthorizations(
  db: Db,
  accountId: string,
  now: Date,
): Promise<readonly Authorization[]> {
  const rows = await tables(db)
    .selectFrom("authorizations")
    .select(COLUMNS)
    .where("account_id", "=", accountId)
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", now)]))
    .orderBy("id")
    .execute();
  return rows.map(fromRow);
}

export interface AuthorizationChange {
  readonly description?: string;
  readonly token?: { readonly id: string; readonly hash: Buffer; readonly hint: string };
}

export async function updateAuthorization(
  db: Db,
  id: string,
  change: AuthorizationChange,
  now: Date,
): Promise<void> {
  const { description, token } = change;
  await tables(db)
    .updateTable("authorizations")
    .set({
      updated_at: now,
      ...(description === undefined ? {} : { description }),
      ...(token ? { token_id: token.id, token_hash: token.hash, token_hint: token.hint } : {}),
    })
    .where("id", "=", id)
    .execute();
}

export async function deleteAuthorization(db: Db, id: string): Promise<void> {
  await tables(db).deleteFrom("authorizations").where("id", "=", id).execute();
}

/** Removes what expired before `before`. */
export async function deleteExpiredAuthorizations(db: Db, before: Date): Promise<number> {
  const result = await tables(db)
    .deleteFrom("authorizations")
    .where("expires_at", "<", before)
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
