import { sql } from "kysely";
import type { Db } from "../../../kernel/index.ts";

/** Any number that nobody else locks. */
const KEY_LOCK = 6_400_031;

/**
 * Keeps the master key as it is until the caller's transaction ends: `shared` for who only needs that nobody changes it, `alone` for who
 * changes it. False when somebody else stands in the way; nobody waits.
 */
export async function holdMasterKey(trx: Db, how: "shared" | "alone"): Promise<boolean> {
  const lock = sql.raw(how === "shared" ? "pg_try_advisory_xact_lock_shared" : "pg_try_advisory_xact_lock");
  const { rows } = await sql<{ held: boolean }>`select ${lock}(${KEY_LOCK}) as held`.execute(trx);
  return rows[0]?.held ?? false;
}
