import type { Db } from "../../kernel/index.ts";

type KeyTables = {
  signing_keys: { id: string; public_key: string; sealed: Buffer; current: boolean; created_at: Date };
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
      ...{ current: true, created_at: key.now },
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Public keys in PEM, the current one first. */
export async function listPublicKeys(db: Db): Promise<
  readonly {
    readonly id: string;
    readonly publicKey: string;
    readonly current: boolean;
    readonly createdAt: Date;
  }[]
> {
  return await tables(db)
    .selectFrom("signing_keys")
    .select(["id", "public_key as publicKey", "current", "created_at as createdAt"])
    .orderBy("current", "desc")
    .orderBy("created_at", "desc")
    .execute();
}
