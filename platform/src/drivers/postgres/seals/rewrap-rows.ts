import { sql } from "kysely";
import { type Db, type MasterKey, rewrap, type SealedColumn } from "../../../kernel/index.ts";

/** Rows of one transaction: few enough that who changes one of them hardly waits. */
const BATCH = 200;

/** How many values of a column are wrapped with each version of the master key. */
export async function countSeals(db: Db, of: SealedColumn): Promise<ReadonlyMap<number, number>> {
  const { rows } = await sql<{ version: Buffer; count: string }>`
    select substring(${sql.ref(of.column)} from 2 for 4) as version, count(*) as count
    from ${sql.table(of.table)} group by 1`.execute(db);
  return new Map(rows.map(({ version, count }) => [version.readUInt32BE(0), Number(count)]));
}

/**
 * Wraps every value of a column with the current version of the master key, and returns how many had another one. Each batch is a
 * transaction of its own: whoever stops in between goes on the next time. Readers find each value at any moment, as it
 * was or as it is. `onBatch` is told of each batch that is done.
 */
export async function rewrapAll(
  db: Db,
  of: SealedColumn,
  {
    master,
    onBatch,
  }: { readonly master: MasterKey; readonly onBatch: (count: number) => Promise<void> | void },
): Promise<number> {
  let total = 0;
  for (;;) {
    const count = await db.transaction().execute((trx) => rewrapBatch(trx, of, master));
    if (count === 0) return total;
    total += count;
    await onBatch(count);
  }
}

async function rewrapBatch(trx: Db, of: SealedColumn, master: MasterKey): Promise<number> {
  const [table, id, column] = [sql.table(of.table), sql.ref(of.id), sql.ref(of.column)];
  const current = Buffer.alloc(4);
  current.writeUInt32BE(master.current);
  const { rows } = await sql<{ id: string; sealed: Buffer }>`
    select ${id}::text as id, ${column} as sealed from ${table}
    where substring(${column} from 2 for 4) <> ${current}
    order by ${id} limit ${BATCH} for update`.execute(trx);
  for (const { id: row, sealed } of rows) {
    const wrapped = rewrap(sealed, of.contextOf(row), master);
    await sql`update ${table} set ${column} = ${wrapped} where ${id}::text = ${row}`.execute(trx);
  }
  return rows.length;
}
