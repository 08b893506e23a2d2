import { sql } from "kysely";
import type { Migration } from "../store/index.ts";

/** What is said of images: keys, statements, what they were made with, and the advisories that touch them. */
export const attestations: Migration = {
  name: "0009-attestations",
  up: async (db) => {
    await sql`alter table builds add column started_at timestamptz`.execute(db);
    await sql`
      create table signing_keys (
        id text primary key,
        public_key text not null,
        sealed bytea not null,
        current boolean not null,
        created_at timestamptz not null
      )`.execute(db);
    await sql`create unique index signing_keys_current on signing_keys (current) where current`.execute(db);
    await sql`
      create table attestations (
        app_id uuid not null references apps (id) on delete cascade,
        image_digest text not null,
        kind text not null,
        digest text not null,
        artifact_type text not null,
        document jsonb not null,
        key_id text references signing_keys (id),
        build_id uuid,
        signature jsonb,
        created_at timestamptz not null,
        primary key (app_id, image_digest, digest)
      )`.execute(db);
    await sql`
      create table component_sets (
        digest text primary key,
        matched text,
        created_at timestamptz not null
      )`.execute(db);
    await sql`
      create table components (
        set_digest text not null references component_sets (digest) on delete cascade,
        type text not null,
        name text not null,
        version text not null,
        qualifiers jsonb not null,
        development boolean not null
      )`.execute(db);
    await sql`create index components_set on components (set_digest)`.execute(db);
    await sql`create index components_name on components (type, name)`.execute(db);
    await sql`
      create table image_components (
        app_id uuid not null references apps (id) on delete cascade,
        image_digest text not null,
        set_digest text not null references component_sets (digest),
        primary key (app_id, image_digest)
      )`.execute(db);
    await sql`create index image_components_set on image_components (set_digest)`.execute(db);
    await advisoryTables(db);
  },
};

async function advisoryTables(db: Parameters<Migration["up"]>[0]): Promise<void> {
  await sql`
    create table advisories (
      id text primary key,
      hash text not null,
      state text not null,
      modified timestamptz,
      withdrawn boolean not null,
      summary text not null,
      aliases jsonb not null
    )`.execute(db);
  await sql`
    create table advisory_packages (
      advisory_id text not null references advisories (id) on delete cascade,
      type text not null,
      name text not null,
      affected jsonb not null
    )`.execute(db);
  await sql`create index advisory_packages_name on advisory_packages (type, name)`.execute(db);
  await sql`create index advisory_packages_advisory on advisory_packages (advisory_id)`.execute(db);
  await sql`
    create table advisory_matches (
      advisory_id text not null references advisories (id) on delete cascade,
      set_digest text not null references component_sets (digest) on delete cascade,
      type text not null,
      name text not null,
      version text not null,
      development boolean not null,
      fixed jsonb not null,
      primary key (advisory_id, set_digest, type, name, version)
    )`.execute(db);
  await sql`create index advisory_matches_set on advisory_matches (set_digest)`.execute(db);
  await sql`
    create table advisory_states (
      id integer primary key check (id = 1),
      state text not null,
      loaded_at timestamptz not null,
      advisories integer not null,
      problems jsonb not null
    )`.execute(db);
}
