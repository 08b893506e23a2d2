import { sql } from "kysely";
import type { Db } from "../../../kernel/index.ts";

/** What one batch is to hold, in characters, unless a single row is larger. */
const BATCH = 1024 * 1024;
const FIRST_ROWS = 16;
const MOST_ROWS = 2_000;

/** The tables of the schema, but for the record of its steps. */
export async function listTables(trx: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'schema_migrations'
    order by 1`.execute(trx);
  return rows.map(({ name }) => name);
}

/**
 * All rows of a table as the caller's transaction sees them, in batches of about a megabyte. A row is a text: PostgreSQL's own form
 * of a composite value, which reads back to the same values whatever types it has, on any machine.
 * (PostgreSQL, "Composite Type Input and Output Syntax")
 */
export async function* exportRows(trx: Db, table: string): AsyncGenerator<readonly string[]> {
  await sql`declare exported no scroll cursor for
    select conifer_row::text as row from only public.${sql.id(table)} as conifer_row`.execute(trx);
  let count = FIRST_ROWS;
  for (;;) {
    const { rows } = await sql<{ row: string }>`fetch ${sql.raw(String(count))} from exported`.execute(trx);
    if (rows.length === 0) break;
    const batch = rows.map(({ row }) => row);
    yield batch;
    const length = batch.reduce((sum, row) => sum + row.length, 0) / batch.length;
    count = Math.max(1, Math.min(MOST_ROWS, count * 4, Math.floor(BATCH / length)));
  }
  await sql`close exported`.execute(trx);
}
