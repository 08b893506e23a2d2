import { createInterface } from "node:readline";
import { buffer } from "node:stream/consumers";
import { sql } from "kysely";
import { ArchiveDamaged, type ArchivedFile } from "../drivers/files/archives/index.ts";
import {
  importRows,
  listTables,
  settleSequences,
  withoutReferences,
} from "../drivers/postgres/copies/index.ts";
import type { WaitingJob } from "../drivers/postgres/jobs/index.ts";
import { migrations } from "../drivers/postgres/migrations/index.ts";
import { adoptEvents } from "../drivers/postgres/outbox/index.ts";
import { type Database, migrateWithin } from "../drivers/postgres/store/index.ts";
import type { Db } from "../kernel/index.ts";
import { readConiferVersion } from "./conifer-version.ts";

/** Takes the rows of a backup into a database that had none. */
export interface RestoreRows {
  take(file: ArchivedFile): Promise<void>;
  /** So far, by table. */
  readonly counts: Readonly<Record<string, number>>;
}

/** What is added with one statement, in characters. */
const BATCH = 1024 * 1024;
const JOBS_BYTES = 64 * 1024 * 1024;

/** Throws for a database with tables in it. */
export async function requireEmpty(database: Database): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
      and n.nspname not like 'pg_toast%' order by 1 limit 1`.execute(database.db);
  const found = rows[0]?.name;
  if (found !== undefined)
    throw new Error(
      `The database of DATABASE_URL is not empty: it has the table ${found}. Nothing was changed. Make a new database, and name that one.`,
    );
}

/**
 * Makes the schema as it was when the backup was made, and does the work with its tables empty and free of each other; then has
 * everything that PostgreSQL checks checked. It happens as a whole or not at all.
 */
export async function restoreRows<T>(
  database: Database,
  applied: readonly string[],
  work: (rows: RestoreRows) => Promise<T>,
): Promise<T> {
  const steps = migrations.filter(({ name }) => applied.includes(name));
  return await database.db.transaction().execute(async (trx) => {
    await sql`set local statement_timeout = 0`.execute(trx);
    await migrateWithin(trx, steps, new Date(), readConiferVersion());
    const tables = await listTables(trx);
    if (tables.length > 0) await sql`truncate ${sql.join(tables.map((name) => sql.id(name)))}`.execute(trx);
    const result = await withoutReferences(trx, async () => await work(takeRows(trx, new Set(tables))));
    await adoptEvents(trx);
    await settleSequences(trx);
    return result;
  });
}

function takeRows(trx: Db, tables: ReadonlySet<string>): RestoreRows {
  const counts: Record<string, number> = {};
  return {
    counts,
    take: async ({ path, content }) => {
      const table = path.slice(0, path.indexOf("/"));
      if (!tables.has(table))
        throw new ArchiveDamaged(`it has rows of ${table}, which its schema does not have`);
      let [rows, length]: [string[], number] = [[], 0];
      const add = async () => {
        await importRows(trx, table, rows);
        counts[table] = (counts[table] ?? 0) + rows.length;
        [rows, length] = [[], 0];
      };
      for await (const line of createInterface({ input: content })) {
        const row = parseRow(line);
        rows.push(row);
        length += row.length;
        if (length >= BATCH) await add();
      }
      await add();
    },
  };
}

function parseRow(line: string): string {
  try {
    const row: unknown = JSON.parse(line);
    if (typeof row === "string") return row;
  } catch {
    // Told below.
  }
  throw new ArchiveDamaged("a row cannot be read");
}

export async function readJobs({ content, size }: ArchivedFile): Promise<readonly WaitingJob[]> {
  if (size > JOBS_BYTES) throw new ArchiveDamaged("it has more jobs than a backup can have");
  const lines = (await buffer(content)).toString("utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as WaitingJob);
}
