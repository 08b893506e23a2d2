import type { Db, SealedColumn } from "../../kernel/index.ts";
import type { InsideRun } from "./inside-run.ts";

type InsideRunTables = {
  inside_runs: {
    id: string;
    app_id: string;
    dyno_id: string;
    dyno_name: string;
    sealed_command: Buffer;
    created_at: Date;
    taken_at: Date | null;
  };
};

const tables = (db: Db) => db.withTables<InsideRunTables>();

export async function insertInsideRun(db: Db, run: InsideRun, sealedCommand: Buffer): Promise<void> {
  await tables(db)
    .insertInto("inside_runs")
    .values({
      id: run.id,
      app_id: run.appId,
      dyno_id: run.dynoId,
      dyno_name: run.dynoName,
      sealed_command: sealedCommand,
      created_at: run.createdAt,
      taken_at: null,
    })
    .execute();
}

export async function findInsideRun(db: Db, id: string): Promise<InsideRun | undefined> {
  return await tables(db)
    .selectFrom("inside_runs")
    .select([
      "id",
      "app_id as appId",
      "dyno_id as dynoId",
      "dyno_name as dynoName",
      "created_at as createdAt",
    ])
    .where("id", "=", id)
    .executeTakeFirst();
}

/** The sealed command, for the one caller that gets it; undefined when it was taken, or asked for before `since`. */
export async function takeInsideRun(
  db: Db,
  id: string,
  { now, since }: { readonly now: Date; readonly since: Date },
): Promise<Buffer | undefined> {
  const taken = await tables(db)
    .updateTable("inside_runs")
    .set({ taken_at: now })
    .where("id", "=", id)
    .where("taken_at", "is", null)
    .where("created_at", ">=", since)
    .returning("sealed_command")
    .executeTakeFirst();
  return taken?.sealed_command;
}

/** Removes what was asked for before `before`, taken or not. */
export async function deleteOldInsideRuns(db: Db, before: Date): Promise<void> {
  await tables(db).deleteFrom("inside_runs").where("created_at", "<", before).execute();
}

export const insideRunSeals: SealedColumn = {
  ...{ table: "inside_runs", column: "sealed_command", id: "id" },
  contextOf: (id) => id,
};
