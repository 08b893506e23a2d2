import { sql } from "kysely";
import type { Migration } from "../store/index.ts";

/** What of a source a build was made of, and with which config: unknown for builds from before. */
export const builtContent: Migration = {
  name: "0007-built-content",
  up: async (db) => {
    await sql`alter table builds add column built_digest text, add column built_config_id uuid`.execute(db);
  },
};
