import { sql } from "kysely";
import type { Migration } from "../store/index.ts";

/** Accounts and the tokens that act for them. */
export const accounts: Migration = {
  name: "0002-accounts",
  up: async (db) => {
    await sql`
      create table accounts (
        id uuid primary key,
        email text not null,
        name text,
        password_hash text not null,
        allow_tracking boolean not null default false,
        beta boolean not null default false,
        disabled_at timestamptz,
        last_login timestamptz,
        created_at timestamptz not null,
        updated_at timestamptz not null
      )`.execute(db);
    await sql`create unique index accounts_email on accounts (lower(email))`.execute(db);
    await sql`
      create table authorizations (
        id uuid primary key,
        account_id uuid not null references accounts (id) on delete cascade,
        description text not null,
        scope text[] not null,
        token_id uuid not null,
        token_hash bytea not null constraint authorizations_token unique,
        token_hint text not null,
        expires_at timestamptz,
        created_at timestamptz not null,
        updated_at timestamptz not null
      )`.execute(db);
    await sql`create index authorizations_account on authorizations (account_id, id)`.execute(db);
  },
};
