import { sql } from "kysely";
import type { Migration } from "../store/index.ts";

/** Apps, who may work on them, and their features. */
export const apps: Migration = {
  name: "0003-apps",
  up: async (db) => {
    await sql`
      create table apps (
        id uuid primary key,
        name text not null constraint apps_name unique,
        owner_id uuid not null references accounts (id),
        region text not null,
        stack text not null,
        build_stack text not null,
        maintenance boolean not null default false,
        buildpack_provided_description text,
        released_at timestamptz,
        created_at timestamptz not null,
        updated_at timestamptz not null
      )`.execute(db);
    await sql`create index apps_owner on apps (owner_id, id)`.execute(db);
    await sql`
      create table collaborators (
        id uuid primary key,
        app_id uuid not null references apps (id) on delete cascade,
        account_id uuid not null references accounts (id) on delete cascade,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint collaborators_pair unique (app_id, account_id)
      )`.execute(db);
    await sql`create index collaborators_account on collaborators (account_id, app_id)`.execute(db);
    await sql`
      create table app_features (
        app_id uuid not null references apps (id) on delete cascade,
        name text not null,
        enabled boolean not null,
        updated_at timestamptz not null,
        primary key (app_id, name)
      )`.execute(db);
  },
};
