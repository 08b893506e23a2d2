import { sql } from "kysely";
import { type Db, isId } from "../../kernel/index.ts";
import type { Account } from "./account.ts";

type AccountTables = {
  accounts: {
    id: string;
    email: string;
    name: string | null;
    password_hash: string;
    allow_tracking: boolean;
    beta: boolean;
    disabled_at: Date | null;
    last_login: Date | null;
    created_at: Date;
    updated_at: Date;
  };
};

const tables = (db: Db) => db.withTables<AccountTables>();

const COLUMNS = [
  "id",
  "email",
  "name",
  "allow_tracking as allowTracking",
  "beta",
  "disabled_at as disabledAt",
  "last_login as lastLogin",
  "created_at as createdAt",
  "updated_at as updatedAt",
] as const;

/** Finds by id or e-mail address. */
export async function findAccount(db: Db, identity: string): Promise<Account | undefined> {
  const query = tables(db).selectFrom("accounts").select(COLUMNS);
  if (isId(identity)) return await query.where("id", "=", identity).executeTakeFirst();
  return await query.where(sql<boolean>`lower(email) = ${identity.toLowerCase()}`).executeTakeFirst();
}

export async function findPasswordHash(db: Db, accountId: string): Promise<string | undefined> {
  const row = await tables(db)
    .selectFrom("accounts")
    .select("password_hash")
    .where("id", "=", accountId)
    .executeTakeFirst();
  return row?.password_hash;
}

export async function countAccounts(db: Db): Promise<number> {
  const row = await tables(db)
    .selectFrom("accounts")
    .select(sql<string>`count(*)`.as("count"))
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

/** Nobody else makes an account before the transaction ends; those that are there can be read. */
export async function lockAccounts(trx: Db): Promise<void> {
  await sql`lock table accounts in share row exclusive mode`.execute(trx);
}

/** False when the address is taken; then nothing is written. */
export async function insertAccount(
  db: Db,
  account: { id: string; email: string; name: string | null; passwordHash: string; now: Date },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tables(db)
    .insertInto("accounts")
    .values({
      id: account.id,
      email: account.email,
      name: account.name,
      password_hash: account.passwordHash,
      allow_tracking: false,
      beta: false,
      disabled_at: null,
      last_login: null,
      created_at: account.now,
      updated_at: account.now,
    })
    .onConflict((c) => c.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

export interface AccountChange {
  readonly name?: string | null;
  readonly email?: string;
  readonly allowTracking?: boolean;
  readonly beta?: boolean;
  readonly passwordHash?: string;
  readonly disabledAt?: Date | null;
  readonly lastLogin?: Date;
}

export async function updateAccount(db: Db, id: string, change: AccountChange, now: Date): Promise<void> {
  await tables(db)
    .updateTable("accounts")
    .set({
      updated_at: now,
      ...(change.name === undefined ? {} : { name: change.name }),
      ...(change.email === undefined ? {} : { email: change.email }),
      ...(change.allowTracking === undefined ? {} : { allow_tracking: change.allowTracking }),
      ...(change.beta === undefined ? {} : { beta: change.beta }),
      ...(change.passwordHash === undefined ? {} : { password_hash: change.passwordHash }),
      ...(change.disabledAt === undefined ? {} : { disabled_at: change.disabledAt }),
      ...(change.lastLogin === undefined ? {} : { last_login: change.lastLogin }),
    })
    .where("id", "=", id)
    .execute();
}

/** Removes an account with its tokens and its part in others' apps. Fails while it owns apps. */
export async function deleteAccount(db: Db, id: string): Promise<void> {
  await tables(db).deleteFrom("accounts").where("id", "=", id).execute();
}
