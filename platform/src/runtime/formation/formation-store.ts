import { type Db, sumOfTimes } from "../../kernel/index.ts";
import type { FormationDelta, FormationType } from "./formation.ts";

type FormationTables = {
  formation: {
    id: string;
    app_id: string;
    type: string;
    quantity: number;
    size: string;
    command: string;
    created_at: Date;
    updated_at: Date;
  };
};

const tables = (db: Db) => db.withTables<FormationTables>();

const COLUMNS = [
  "id",
  "app_id as appId",
  "type",
  "quantity",
  "size",
  "command",
  "created_at as createdAt",
  "updated_at as updatedAt",
] as const;

export async function listFormation(db: Db, appId: string): Promise<readonly FormationType[]> {
  return await tables(db)
    .selectFrom("formation")
    .select(COLUMNS)
    .where("app_id", "=", appId)
    .orderBy("type")
    .execute();
}

/** How many web dynos are asked for, by app; apps without the process type are left out. */
export async function listWebQuantities(db: Db): Promise<ReadonlyMap<string, number>> {
  const rows = await tables(db)
    .selectFrom("formation")
    .select(["app_id", "quantity"])
    .where("type", "=", "web")
    .execute();
  return new Map(rows.map((row) => [row.app_id, row.quantity]));
}

/** Ids of apps that are scaled to a dyno or more. */
export async function listScaledApps(db: Db): Promise<readonly string[]> {
  const rows = await tables(db)
    .selectFrom("formation")
    .select("app_id")
    .distinct()
    .where("quantity", ">", 0)
    .execute();
  return rows.map((row) => row.app_id);
}

/** How many process types there are and when one was changed last, as a text by app. */
export async function listTypeMarks(db: Db): Promise<ReadonlyMap<string, string>> {
  const rows = await tables(db)
    .selectFrom("formation")
    .select(({ fn }) => ["app_id", fn.countAll<string>().as("count"), sumOfTimes("updated_at").as("changed")])
    .groupBy("app_id")
    .execute();
  return new Map(rows.map(({ app_id, count, changed }) => [app_id, `${count} ${changed}`]));
}

export async function updateFormationType(
  trx: Db,
  id: string,
  change: { readonly quantity: number; readonly size: string; readonly now: Date },
): Promise<void> {
  const { quantity, size, now } = change;
  await tables(trx)
    .updateTable("formation")
    .set({ quantity, size, updated_at: now })
    .where("id", "=", id)
    .execute();
}

export async function applyFormationDelta(
  trx: Db,
  appId: string,
  delta: FormationDelta,
  make: { readonly newId: () => string; readonly now: Date },
): Promise<void> {
  const { newId, now } = make;
  for (const { type, command, quantity, size } of delta.added) {
    await tables(trx)
      .insertInto("formation")
      .values({ id: newId(), app_id: appId, type, quantity, size, command, created_at: now, updated_at: now })
      .onConflict((c) => c.constraint("formation_type").doNothing())
      .execute();
  }
  const rowsOf = (type: string) => ({ app_id: appId, type });
  for (const type of delta.removed) {
    await tables(trx)
      .deleteFrom("formation")
      .where((eb) => eb.and(rowsOf(type)))
      .execute();
  }
  for (const { type, command } of delta.changed) {
    await tables(trx)
      .updateTable("formation")
      .set({ command, updated_at: now })
      .where((eb) => eb.and(rowsOf(type)))
      .execute();
  }
}
