import { type Db, type MasterKey, type SealedColumn, seal, sumOfTimes, unseal } from "../../kernel/index.ts";
import type { DynoSpec } from "../dyno/index.ts";
import type { RecordedDyno } from "./plan-formation.ts";

/** A formation dyno that is to run. */
export interface DynoRecord extends RecordedDyno {
  readonly appId: string;
  readonly releaseVersion: number;
  readonly size: string;
  readonly command: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

type DynoTables = {
  dynos: {
    id: string;
    app_id: string;
    type: string;
    index: number;
    release_id: string;
    release_version: number;
    key: string;
    size: string;
    command: string;
    sealed_spec: Buffer;
    duty: DynoRecord["duty"];
    retiring: boolean;
    warm_until: Date | null;
    created_at: Date;
    updated_at: Date;
  };
};

const tables = (db: Db) => db.withTables<DynoTables>();

const COLUMNS = [
  "id",
  "app_id as appId",
  "type",
  "index",
  "release_id as releaseId",
  "release_version as releaseVersion",
  "key",
  "size",
  "command",
  "duty",
  "retiring",
  "warm_until as warmUntil",
  "created_at as createdAt",
  "updated_at as updatedAt",
] as const;

export async function listDynoRecords(db: Db, appId: string): Promise<readonly DynoRecord[]> {
  return await tables(db)
    .selectFrom("dynos")
    .select(COLUMNS)
    .where("app_id", "=", appId)
    .orderBy("created_at")
    .execute();
}

/** How many there are and when they were changed, as a text by app; apps without any are left out. */
export async function listDynoMarks(db: Db): Promise<ReadonlyMap<string, string>> {
  const rows = await tables(db)
    .selectFrom("dynos")
    .select(({ fn }) => ["app_id", fn.countAll<string>().as("count"), sumOfTimes("updated_at").as("changed")])
    .groupBy("app_id")
    .execute();
  return new Map(rows.map(({ app_id, count, changed }) => [app_id, `${count} ${changed}`]));
}

/** Of apps without dynos. */
export const NO_DYNOS = "0 0";

/** The same text as `listDynoMarks` has for an app with these dynos. */
export function dynoMarkOf(dynos: readonly Pick<DynoRecord, "updatedAt">[]): string {
  return `${dynos.length} ${dynos.reduce((sum, { updatedAt }) => sum + updatedAt.getTime(), 0)}`;
}

/** The specs of an app's dynos as the engine is to have them: what may change comes from the record. */
export async function listDynoSpecs(
  db: Db,
  appId: string,
  masterKey: MasterKey,
): Promise<readonly DynoSpec[]> {
  const rows = await tables(db)
    .selectFrom("dynos")
    .selectAll()
    .where("app_id", "=", appId)
    .orderBy("created_at")
    .execute();
  return rows.map((row) => {
    const spec = JSON.parse(
      unseal(row.sealed_spec, contextOf(row.id), masterKey).toString("utf8"),
    ) as DynoSpec;
    const { release_id: releaseId, release_version: releaseVersion, duty } = row;
    return { ...spec, releaseId, releaseVersion, duty, name: `${row.type}.${row.index}` };
  });
}

const contextOf = (id: string) => `dyno:${id}`;

export const dynoSeals: SealedColumn = { table: "dynos", column: "sealed_spec", id: "id", contextOf };

export interface NewDynoRecord {
  readonly spec: DynoSpec;
  readonly index: number;
  readonly key: string;
  readonly size: string;
  readonly now: Date;
}

export async function insertDynoRecord(trx: Db, added: NewDynoRecord, masterKey: MasterKey): Promise<void> {
  const { spec, index, key, size, now } = added;
  await tables(trx)
    .insertInto("dynos")
    .values({
      id: spec.id,
      app_id: spec.appId,
      type: spec.type,
      index,
      release_id: spec.releaseId,
      release_version: spec.releaseVersion,
      key,
      size,
      command: spec.displayCommand,
      sealed_spec: seal(JSON.stringify(spec), contextOf(spec.id), masterKey),
      duty: spec.duty,
      retiring: false,
      warm_until: null,
      created_at: now,
      updated_at: now,
    })
    .execute();
}

export interface DynoRecordChange {
  readonly duty?: DynoRecord["duty"];
  readonly index?: number;
  readonly release?: { readonly id: string; readonly version: number };
  readonly warmUntil?: Date | null;
  readonly retiring?: boolean;
}

export async function updateDynoRecord(
  trx: Db,
  id: string,
  change: DynoRecordChange,
  now: Date,
): Promise<void> {
  await tables(trx)
    .updateTable("dynos")
    .set({
      updated_at: now,
      ...(change.duty === undefined ? {} : { duty: change.duty }),
      ...(change.index === undefined ? {} : { index: change.index }),
      ...(change.release === undefined
        ? {}
        : { release_id: change.release.id, release_version: change.release.version }),
      ...(change.warmUntil === undefined ? {} : { warm_until: change.warmUntil }),
      ...(change.retiring === undefined ? {} : { retiring: change.retiring }),
    })
    .where("id", "=", id)
    .execute();
}

export async function deleteDynoRecords(trx: Db, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await tables(trx).deleteFrom("dynos").where("id", "in", ids).execute();
}
