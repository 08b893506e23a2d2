import { type Db, type MasterKey, type SealedColumn, seal, unseal } from "../../kernel/index.ts";
import type { Config } from "./config-vars.ts";

type ConfigTables = {
  configs: { id: string; app_id: string; sealed: Buffer; created_at: Date };
};

const tables = (db: Db) => db.withTables<ConfigTables>();

/** A config is never changed: each change is a new row, and releases point at theirs. */
export async function insertConfig(
  trx: Db,
  added: { readonly id: string; readonly appId: string; readonly config: Config; readonly now: Date },
  masterKey: MasterKey,
): Promise<void> {
  const sealed = seal(JSON.stringify(added.config), contextOf(added.id), masterKey);
  await tables(trx)
    .insertInto("configs")
    .values({ id: added.id, app_id: added.appId, sealed, created_at: added.now })
    .execute();
}

export async function findConfig(db: Db, id: string, masterKey: MasterKey): Promise<Config> {
  const row = await tables(db)
    .selectFrom("configs")
    .select("sealed")
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  return JSON.parse(unseal(row.sealed, contextOf(id), masterKey).toString("utf8")) as Config;
}

const contextOf = (id: string) => `config:${id}`;

export const configSeals: SealedColumn = { table: "configs", column: "sealed", id: "id", contextOf };
