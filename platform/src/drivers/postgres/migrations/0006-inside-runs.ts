import { sql } from "kysely";
import type { Migration } from "../store/index.ts";

/** Commands inside running dynos that wait for their client. */
export const insideRuns: Migration = {
  name: "0006-inside-runs",
  up: async (db) => {
    await sql`
      create table inside_runs (
        id uuid primary key,
        app_id uuid not null references apps (id) on delete cascade,
        dyno_id uuid not null,
        dyno_name text not null,
        sealed_command bytea not null,
        created_at timestamptz not null,
        taken_at timestamptz
      )`.execute(db);
    await sql`create index inside_runs_created on inside_runs (created_at)`.execute(db);
  },
};
