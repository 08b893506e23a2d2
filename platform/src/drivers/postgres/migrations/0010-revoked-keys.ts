import { sql } from "kysely";
import type { Migration } from "../store/index.ts";

/** When a signing key stopped being believed. */
export const revokedKeys: Migration = {
  name: "0010-revoked-keys",
  up: async (db) => {
    await sql`
      alter table signing_keys
        add column revoked_at timestamptz,
        add constraint signing_keys_current_is_good check (not current or revoked_at is null)`.execute(db);
  },
};
