import { type Kysely, sql } from "kysely";
import { type Db, errorText } from "../../../kernel/index.ts";

/** One step of the schema. Never changed once released; only followed by another. */
export interface Migration {
  /** Four digits and a name: `0001-accounts`. Order is by name. */
  readonly name: string;
  up(db: Db): Promise<void>;
}

type MigrationTables = {
  schema_migrations: { name: string; applied_at: Date; taken_by: string | null };
};

/** A step that a database has taken, and the version of the Conifer that took it, where that was noted. */
interface TakenStep {
  readonly name: string;
  readonly takenBy: string | null;
}

/** Of whoever has none to tell. */
const UNKNOWN_VERSION = "";

/** Any number; the same for all Conifer processes, so that one migrates and the others wait. */
const MIGRATION_LOCK = 6_400_001;

/**
 * Brings the schema up to date: forward only, all in one transaction under a lock, so that several starting
 * processes are safe and a killed one leaves nothing half done. Returns the names of the steps it took. Throws when the
 * schema is newer than this Conifer. `version` is this Conifer's: an older one that meets the steps tells it.
 */
export async function migrate(
  db: Db,
  migrations: readonly Migration[],
  now: Date,
  version = UNKNOWN_VERSION,
): Promise<readonly string[]> {
  return await db
    .transaction()
    .execute((trx) => migrateWithin(trx as Kysely<object> as Db, migrations, now, version));
}

/** As `migrate`, in the caller's transaction: the steps are taken when that commits. */
export async function migrateWithin(
  trx: Db,
  migrations: readonly Migration[],
  now: Date,
  version = UNKNOWN_VERSION,
): Promise<readonly string[]> {
  // Waiting for another process's migration, or a step over many rows, may take longer than an ordinary statement.
  await sql`set local statement_timeout = 0`.execute(trx);
  await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(trx);
  await sql`create table if not exists schema_migrations (name text primary key, applied_at timestamptz not null)`.execute(
    trx,
  );
  const tables = trx.withTables<MigrationTables>();
  const taken = await takenSteps(trx);
  refuseNewer(taken, migrations, version);
  const applied = new Set(taken.map((step) => step.name));
  const pending = migrations.filter((m) => !applied.has(m.name)).sort((a, b) => (a.name < b.name ? -1 : 1));
  // Only with a step to take: the lock that this needs would wait for a backup that is under way.
  if (pending.length > 0)
    await sql`alter table schema_migrations add column if not exists taken_by text`.execute(trx);
  for (const migration of pending) {
    await up(migration, trx);
    await tables
      .insertInto("schema_migrations")
      .values({ name: migration.name, applied_at: now, taken_by: version || null })
      .execute();
  }
  return pending.map((m) => m.name);
}

/** The column is not there before the first step that notes it, so the row is asked as a document. */
async function takenSteps(trx: Db): Promise<readonly TakenStep[]> {
  const { rows } = await sql<TakenStep>`
    select name, to_jsonb(step) ->> 'taken_by' as "takenBy" from schema_migrations as step order by name`.execute(
    trx,
  );
  return rows;
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

/** Of the steps that a database has taken those that this Conifer does not know. */
export function unknownSteps(applied: Iterable<string>, migrations: readonly Migration[]): readonly string[] {
  const known = new Set(migrations.map((m) => m.name));
  return [...applied].filter((name) => !known.has(name)).sort();
}

function refuseNewer(taken: readonly TakenStep[], migrations: readonly Migration[], version: string): void {
  const unknown = unknownSteps(
    taken.map(({ name }) => name),
    migrations,
  );
  if (unknown.length === 0) return;
  const newer = taken.findLast(({ name, takenBy }) => takenBy && unknown.includes(name))?.takenBy;
  const steps = unknown.length === 1 ? "the migration" : "the migrations";
  throw new Error(
    `The database was made by a newer Conifer${newer ? ` (${newer})` : ""}: it has ${steps} ${unknown.join(", ")}, ` +
      `which this one${version ? ` (${version})` : ""} does not know. Nothing was changed. ` +
      "Start the newer Conifer, or restore a backup made by this one into an empty CONIFER_HOME: npm run -s restore -- --help",
  );
}
