import { sql } from "kysely";
import type { Migration } from "../store/index.ts";

/** Passes that bring apps onto a build of a run image, and each app's turn in them. */
export const rebases: Migration = {
  name: "0009-rebases",
  up: async (db) => {
    await sql`
      create table rebase_passes (
        id uuid primary key,
        status text not null,
        run_image jsonb not null,
        wave integer not null,
        waves integer not null,
        failure_limit text not null,
        forgiven integer not null,
        at_once integer not null,
        settle_seconds integer not null,
        message text,
        actor jsonb not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        finished_at timestamptz
      )`.execute(db);
    await sql`
      create unique index rebase_passes_open on rebase_passes ((true)) where finished_at is null`.execute(db);
    await sql`
      create table rebase_turns (
        pass_id uuid not null references rebase_passes (id) on delete cascade,
        app_id uuid not null references apps (id) on delete cascade,
        wave integer not null,
        place integer not null,
        state text not null,
        judged boolean not null,
        message text,
        from_release_id uuid,
        release_id uuid,
        back_release_id uuid,
        due_at timestamptz,
        released_at timestamptz,
        updated_at timestamptz not null,
        primary key (pass_id, app_id)
      )`.execute(db);
    await sql`create index rebase_turns_wave on rebase_turns (pass_id, wave, state, place)`.execute(db);
    await sql`
      create index rebase_turns_under_way on rebase_turns (app_id) where state in ('watching', 'due')`.execute(
      db,
    );
    await sql`create index rebase_turns_app on rebase_turns (app_id)`.execute(db);
  },
};
