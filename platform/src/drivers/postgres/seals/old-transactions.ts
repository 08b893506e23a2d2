import { sql } from "kysely";
import { type Db, pause } from "../../../kernel/index.ts";

const LOOK_MS = 50;

/**
 * Waits until every transaction that is under way has ended: what they have written is there to be read then. Returns whether they all
 * have within the time.
 */
export async function outlastTransactions(db: Db, withinMs: number, signal: AbortSignal): Promise<boolean> {
  const { rows } = await sql<{ xid: string }>`select pg_current_xact_id()::text as xid`.execute(db);
  const xid = rows[0]?.xid ?? "0";
  const until = performance.now() + withinMs;
  for (;;) {
    signal.throwIfAborted();
    const { rows: found } = await sql<{ over: boolean }>`
      select pg_snapshot_xmin(pg_current_snapshot()) > ${xid}::xid8 as over`.execute(db);
    if (found[0]?.over) return true;
    if (performance.now() > until) return false;
    await pause(LOOK_MS, signal);
  }
}
