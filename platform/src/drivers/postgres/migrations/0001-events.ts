import { sql } from "kysely";
import type { Migration } from "../store/index.ts";

/** The outbox, its readers' cursors, and claims on subjects. */
export const events: Migration = {
  name: "0001-events",
  up: async (db) => {
    await sql`
      create table events (
        seq bigserial primary key,
        xid xid8 not null default pg_current_xact_id(),
        kind text not null,
        app_id uuid not null,
        actor jsonb,
        data jsonb not null,
        at timestamptz not null
      )`.execute(db);
    await sql`create index events_order on events (xid, seq)`.execute(db);
    await sql`create table event_readers (reader text primary key, xid xid8 not null, seq bigint not null)`.execute(
      db,
    );
    await sql`
      create table claims (
        subject text primary key,
        number bigint not null,
        holder text not null,
        expires_at timestamptz not null
      )`.execute(db);
  },
};
