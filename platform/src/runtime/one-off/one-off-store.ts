import type { Db } from "../../kernel/index.ts";
import type { OneOff } from "./one-off.ts";

type OneOffTables = {
  one_off_dynos: {
    id: string;
    app_id: string;
    name: string;
    type: string;
    command: string;
    size: string;
    release_id: string;
    release_version: number;
    attached: boolean;
    created_at: Date;
    updated_at: Date;
    ended_at: Date | null;
  };
};

const tables = (db: Db) => db.withTables<OneOffTables>();

const selectOneOffs = (db: Db) =>
  tables(db)
    .selectFrom("one_off_dynos")
    .select([
      "id",
      "app_id as appId",
      "name",
      "type",
      "command",
      "size",
      "release_id as releaseId",
      "release_version as releaseVersion",
      "attached",
      "created_at as createdAt",
      "updated_at as updatedAt",
    ]);

const selectRunning = (db: Db) => selectOneOffs(db).where("ended_at", "is", null);

/** The app's one-off dynos that have not ended. */
export async function listOneOffs(db: Db, appId: string): Promise<readonly OneOff[]> {
  return await selectRunning(db).where("app_id", "=", appId).orderBy("created_at").execute();
}

/** By id, also one that has ended. */
export async function findOneOff(db: Db, id: string): Promise<OneOff | undefined> {
  return await selectOneOffs(db).where("id", "=", id).executeTakeFirst();
}

/** Ids of apps with one-off dynos that have not ended. */
export async function listAppsWithOneOffs(db: Db): Promise<readonly string[]> {
  const rows = await tables(db)
    .selectFrom("one_off_dynos")
    .select("app_id")
    .distinct()
    .where("ended_at", "is", null)
    .execute();
  return rows.map((row) => row.app_id);
}

/** Records a dyno that is about to run; one that is recorded already runs again. */
export async function insertOneOff(trx: Db, dyno: OneOff): Promise<void> {
  const d = dyno;
  await tables(trx)
    .insertInto("one_off_dynos")
    .values({
      id: d.id,
      app_id: d.appId,
      name: d.name,
      type: d.type,
      command: d.command,
      size: d.size,
      release_id: d.releaseId,
      release_version: d.releaseVersion,
      attached: d.attached,
      created_at: d.createdAt,
      updated_at: d.updatedAt,
      ended_at: null,
    })
    .onConflict((c) => c.column("id").doUpdateSet({ name: d.name, updated_at: d.updatedAt, ended_at: null }))
    .execute();
}

export async function endOneOff(db: Db, id: string, now: Date): Promise<void> {
  await tables(db)
    .updateTable("one_off_dynos")
    .set({ ended_at: now, updated_at: now })
    .where("id", "=", id)
    .where("ended_at", "is", null)
    .execute();
}

/** Removes records of dynos that ended before `before`. */
export async function deleteEndedOneOffs(db: Db, before: Date): Promise<void> {
  await tables(db).deleteFrom("one_off_dynos").where("ended_at", "<", before).execute();
}
