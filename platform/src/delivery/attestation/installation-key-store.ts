import { sql } from "kysely";
import type { Db } from "../../kernel/index.ts";

type KeyTables = {
  signing_keys: {
    id: string;
    public_key: string;
    sealed: Buffer;
    current: boolean;
    created_at: Date;
    revoked_at: Date | null;
  };
};

const tables = (db: Db) => db.withTables<KeyTables>();

/** The key that signs now; undefined before the first. */
export async function findSealedKey(
  db: Db,
): Promise<{ readonly id: string; readonly sealed: Buffer } | undefined> {
  return await tables(db)
    .selectFrom("signing_keys")
    .select(["id", "sealed"])
    .where("current", "=", true)
    .executeTakeFirst();
}

/** Adds a key that signs from now on; nothing when there is one. */
export async function insertKey(
  db: Db,
  key: { readonly id: string; readonly publicKey: string; readonly sealed: Buffer; readonly now: Date },
): Promise<void> {
  await tables(db)
    .insertInto("signing_keys")
    .values({
      ...{ id: key.id, public_key: key.publicKey, sealed: key.sealed },
      ...{ current: true, created_at: key.now, revoked_at: null },
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Takes the turn to change which key signs: until the transaction ends nobody else does. */
export async function holdKeys(trx: Db): Promise<void> {
  await sql`lock table signing_keys in share row exclusive mode`.execute(trx);
}

/** The key that signs now signs no more; what it has signed stays good. */
export async function retireKey(trx: Db): Promise<void> {
  await tables(trx).updateTable("signing_keys").set({ current: false }).where("current", "=", true).execute();
}

/** Nothing that the key has signed is good any more. */
export async function markRevoked(trx: Db, id: string, now: Date): Promise<void> {
  await tables(trx)
    .updateTable("signing_keys")
    .set({ revoked_at: now })
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .execute();
}

/** A key as everybody may see it. */
export interface PublicKey {
  readonly id: string;
  /** In PEM. */
  readonly publicKey: string;
  readonly current: boolean;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

/** All keys, the current one first, then the newest. */
export async function listPublicKeys(db: Db): Promise<readonly PublicKey[]> {
  return await tables(db)
    .selectFrom("signing_keys")
    .select([
      ...(["id", "current"] as const),
      "public_key as publicKey",
      "created_at as createdAt",
      "revoked_at as revokedAt",
    ])
    .orderBy("current", "desc")
    .orderBy("created_at", "desc")
    .execute();
}
