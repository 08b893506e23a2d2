import { sql } from "kysely";
import type { Migration } from "../store/index.ts";

/** The formation, and the dynos that are to run. */
export const runtime: Migration = {
  name: "0005-runtime",
  up: async (db) => {
    await sql`
      create table formation (
        id uuid primary key,
        app_id uuid not null references apps (id) on delete cascade,
        type text not null,
        quantity integer not null,
        size text not null,
        command text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint formation_type unique (app_id, type)
      )`.execute(db);
    await sql`
      create table dynos (
        id uuid primary key,
        app_id uuid not null references apps (id) on delete cascade,
        type text not null,
        index integer not null,
        release_id uuid not null,
        release_version integer not null,
        key text not null,
        size text not null,
        command text not null,
        sealed_spec bytea not null,
        duty text not null,
        retiring boolean not null default false,
        warm_until timestamptz,
        created_at timestamptz not null,
        updated_at timestamptz not null
      )`.execute(db);
    await sql`create index dynos_app on dynos (app_id)`.execute(db);
    await sql`
      create table one_off_dynos (
        id uuid primary key,
        app_id uuid not null references apps (id) on delete cascade,
        name text not null,
        type text not null,
        command text not null,
        size text not null,
        release_id uuid not null,
        release_version integer not null,
        attached boolean not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        ended_at timestamptz
      )`.execute(db);
    await sql`create unique index one_off_dynos_name on one_off_dynos (app_id, name) where ended_at is null`.execute(
      db,
    );
  },
};
