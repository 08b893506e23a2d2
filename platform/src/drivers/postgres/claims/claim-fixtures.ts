import { sql } from "kysely";
import type { Db } from "../../../kernel/index.ts";

/** Lets so much time pass for all claims, in milliseconds. */
export async function ageClaims(db: Db, ms: number): Promise<void> {
  await sql`update claims set expires_at = expires_at - ${ms} * interval '1 millisecond'`.execute(db);
}
