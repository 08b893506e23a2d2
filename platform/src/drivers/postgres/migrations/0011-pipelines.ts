import { sql } from "kysely";
import type { Migration } from "../store/index.ts";

/** Pipelines, and of which stage of one an app is. */
export const pipelines: Migration = {
  name: "0011-pipelines",
  up: async (db) => {
    await sql`
      create table pipelines (
        id uuid primary key,
        name text not null,
        owner_id uuid not null references accounts (id) on delete cascade,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint pipelines_owner_name unique (owner_id, name)
      )`.execute(db);
    await sql`create index pipelines_name on pipelines (name)`.execute(db);
    await sql`
      create table pipeline_couplings (
        id uuid primary key,
        app_id uuid not null constraint pipeline_couplings_app unique references apps (id) on delete cascade,
        pipeline_id uuid not null references pipelines (id) on delete cascade,
        stage text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null
      )`.execute(db);
    await sql`create index pipeline_couplings_pipeline on pipeline_couplings (pipeline_id, id)`.execute(db);
  },
};
