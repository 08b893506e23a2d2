import { sql } from "kysely";
import type { Db } from "../../../kernel/index.ts";

/** Adds rows as `exportRows` gave them. The table has the same columns in the same order. */
export async function importRows(trx: Db, table: string, rows: readonly string[]): Promise<void> {
  if (rows.length === 0) return;
  const name = sql.id(table);
  await sql`
    insert into public.${name} overriding system value
    select (added).* from unnest(${[...rows]}::text[]::public.${name}[]) as added`.execute(trx);
}

/**
 * Does the work with the tables free of each other, so that rows may come in any order, and then has the references again: they are
 * checked for every row. All in the caller's transaction.
 */
export async function withoutReferences<T>(trx: Db, work: () => Promise<T>): Promise<T> {
  const { rows } = await sql<{ table: string; name: string; definition: string }>`
    select conrelid::regclass::text as "table", conname as name, pg_get_constraintdef(oid) as definition
    from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace order by 1, 2`.execute(
    trx,
  );
  for (const { table, name } of rows)
    await sql`alter table ${sql.raw(table)} drop constraint ${sql.id(name)}`.execute(trx);
  const result = await work();
  for (const { table, name, definition } of rows)
    await sql`alter table ${sql.raw(table)} add constraint ${sql.id(name)} ${sql.raw(definition)}`.execute(
      trx,
    );
  return result;
}

/** Has every counter go on after the largest number that its column holds. */
export async function settleSequences(trx: Db): Promise<void> {
  const { rows } = await sql<{ table: string; column: string; sequence: string }>`
    select c.relname as "table", a.attname as column,
      pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname) as sequence
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname = 'public' and c.relkind = 'r'
      and pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname) is not null`.execute(
    trx,
  );
  for (const { table, column, sequence } of rows)
    await sql`select setval(${sequence}::regclass, coalesce(max(${sql.id(column)}), 1), count(*) > 0)
      from public.${sql.id(table)}`.execute(trx);
}
