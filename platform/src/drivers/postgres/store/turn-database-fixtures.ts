import { Kysely, PostgresDialect } from "kysely";
import type { Db } from "../../../kernel/index.ts";

/** Takes one statement after the other, as a client of PostgreSQL does. */
export interface TurnConnection {
  query(text: string, values: readonly unknown[]): Promise<unknown>;
  /** The statement, or the transaction, is over. */
  release(): void;
}

/** A database that asks for a connection at each statement and each transaction, whenever it may have one. */
export function makeTurnDatabase(connect: () => Promise<TurnConnection>): Db {
  const pool = { connect, end: async () => {} };
  return new Kysely({ dialect: new PostgresDialect({ pool: pool as never }) });
}
