import { sql } from "kysely";
import type { Migration } from "../store/index.ts";

/** Builds, images, config and releases. */
export const delivery: Migration = {
  name: "0004-delivery",
  up: async (db) => {
    await sql`
      create table configs (
        id uuid primary key,
        app_id uuid not null references apps (id) on delete cascade,
        sealed bytea not null,
        created_at timestamptz not null
      )`.execute(db);
    await sql`create index configs_app on configs (app_id)`.execute(db);
    await sql`
      create table oci_images (
        id uuid primary key,
        app_id uuid not null references apps (id) on delete cascade,
        digest text not null,
        info jsonb not null,
        commit text,
        commit_description text,
        stack text not null,
        removed_at timestamptz,
        created_at timestamptz not null,
        updated_at timestamptz not null
      )`.execute(db);
    await sql`create index oci_images_app on oci_images (app_id, digest)`.execute(db);
    await sql`
      create table builds (
        id uuid primary key,
        app_id uuid not null references apps (id) on delete cascade,
        sequence bigserial not null,
        actor jsonb not null,
        status text not null,
        source_digest text,
        source_url text,
        source_checksum text,
        source_version text,
        source_description text,
        git_ref text,
        stack text not null,
        message text,
        image_id uuid references oci_images (id),
        release_id uuid,
        attempts integer not null default 0,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        finished_at timestamptz
      )`.execute(db);
    await sql`create index builds_app on builds (app_id, sequence)`.execute(db);
    await sql`create index builds_unfinished on builds (app_id, sequence) where finished_at is null`.execute(
      db,
    );
    await sql`
      create table release_heads (
        app_id uuid primary key references apps (id) on delete cascade,
        next_version integer not null,
        current_release_id uuid,
        config_id uuid not null references configs (id),
        newest_build_sequence bigint
      )`.execute(db);
    await sql`
      create table releases (
        id uuid primary key,
        app_id uuid not null references apps (id) on delete cascade,
        version integer not null,
        status text not null,
        description text not null,
        actor jsonb not null,
        cause text not null,
        image_id uuid references oci_images (id),
        inherits_image boolean not null,
        config_id uuid not null references configs (id),
        build_id uuid,
        runs_command boolean not null default false,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint releases_version unique (app_id, version)
      )`.execute(db);
    await sql`create index releases_pending on releases (app_id, version) where status = 'pending'`.execute(
      db,
    );
  },
};
