import { type Kysely, sql } from "kysely";
import { type Db, errorText } from "../../../kernel/index.ts";

/** One step of the schema. Never changed once released; only followed by another. */
export interface Migration {
  /** Four digits and a name: `0001-accounts`. Order is by name. */
  readonly name: string;
  up(db: Db): Promise<void>;
}

type MigrationTables = {
  schema_migrations: { name: string; applied_at: Date };
};

/** Any number; the same for all Conifer processes, so that one migrates and the others wait. */
const MIGRATION_LOCK = 6_400_001;

/**
 * Brings the schema up to date: forward only, all in one transaction under a lock, so that several starting
 * processes are safe and a killed one leaves nothing half done. Returns the names of the steps it took. Throws when the
 * schema is newer than this Conifer.
 */
export async function migrate(
  db: Db,
  migrations: readonly Migration[],
  now: Date,
): Promise<readonly string[]> {
  return await db.transaction().execute(async (trx) => {
    // Waiting for another process's migration, or a step over many rows, may take longer than an ordinary statement.
    await sql`set local statement_timeout = 0`.execute(trx);
    await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(trx);
    await sql`create table if not exists schema_migrations (name text primary key, applied_at timestamptz not null)`.execute(
      trx,
    );
    const tables = trx.withTables<MigrationTables>();
    const applied = new Set(
      (await tables.selectFrom("schema_migrations").select("name").execute()).map((m) => m.name),
    );
    refuseNewer(applied, migrations);
    const pending = migrations.filter((m) => !applied.has(m.name)).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const migration of pending) {
      await up(migration, trx as Kysely<object> as Db);
      await tables
        .insertInto("schema_migrations")
        .values({ name: migration.name, applied_at: now })
        .execute();
    }
    return pending.map((m) => m.name);
  });
}

async function up(migration: Migration, trx: Db): Promise<void> {
  try {
    await migration.up(trx);
  } catch (cause) {
    throw new Error(`the migration ${migration.name} failed: ${errorText(cause)}`, { cause });
  }
}

/** Steps that a database has taken and this Conifer does not know; none of one that has no schema. */
export async function findNewerSchema(db: Db, migrations: readonly Migration[]): Promise<readonly string[]> {
  const { rows } = await sql<{ there: boolean }>`
    select to_regclass('schema_migrations') is not null as there`.execute(db);
  if (!rows[0]?.there) return [];
  const applied = await db
    .withTables<MigrationTables>()
    .selectFrom("schema_migrations")
    .select("name")
    .execute();
  return unknownSteps(
    applied.map(({ name }) => name),
    migrations,
  );
}

function unknownSteps(applied: Iterable<string>, migrations: readonly Migration[]): readonly string[] {
  const known = new Set(migrations.map((m) => m.name));
  return [...applied].filter((name) => !known.has(name)).sort();
}

function refuseNewer(applied: ReadonlySet<string>, migrations: readonly Migration[]): void {
  const unknown = unknownSteps(applied, migrations);
  if (unknown.length === 0) return;
  throw new Error(
    `The database was made by a newer Conifer: it has the migration ${unknown.join(", ")}, which this one does not know. ` +
      "Start the newer Conifer, or restore a backup made by this one.",
  );
}
