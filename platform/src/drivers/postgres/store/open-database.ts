import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { Db } from "../../../kernel/index.ts";

export interface DatabaseOptions {
  readonly url: string;
  readonly maxConnections: number;
  /** Told of errors on idle connections; the pool replaces them by itself. */
  readonly onError: (error: Error) => void;
}

export interface Database {
  readonly db: Db;
  /** One statement on a pooled connection, for libraries that bring their own SQL. */
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  /** A connection of its own for LISTEN and for locks that outlive a transaction. */
  connect(): Promise<pg.Client>;
  /** The pool's connections, and callers that wait for one. */
  connections(): { readonly busy: number; readonly idle: number; readonly waiting: number };
  close(): Promise<void>;
}

/** Opens a pool. Times come back as Date, 64-bit integers as text, `json` as values. */
export function openDatabase(options: DatabaseOptions): Database {
  const connection = {
    connectionString: options.url,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 30_000,
    application_name: "conifer",
  };
  const pool = new pg.Pool({ ...connection, max: options.maxConnections, idleTimeoutMillis: 30_000 });
  pool.on("error", options.onError);
  // A connection that is lost between two statements of a transaction tells nobody else, and would end the process.
  pool.on("connect", (client) => client.on("error", () => {}));
  return {
    db: new Kysely({ dialect: new PostgresDialect({ pool }) }),
    query: (text, values) => pool.query(text, values),
    connect: async () => {
      const client = new pg.Client({ ...connection, statement_timeout: 0, keepAlive: true });
      client.on("error", options.onError);
      await client.connect();
      return client;
    },
    connections: () => ({
      busy: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
    close: () => pool.end(),
  };
}

/** PostgreSQL's own codes for "no connection", "going away", "starting" and "too many connections". */
const AWAY = /^(08...|57P0[123]|53300)$/;
/** Node's codes for a connection that broke or never was. */
const NO_CONNECTION = /^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;
const CONNECTION_CALLS = /^(connect|read|write|getaddrinfo)$/;
const AWAY_TEXT =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;

/** True when the failure means that the store is away for now, so that a caller may try again. */
export function isStoreAway(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const { code = "", syscall = "connect" } = thrown as NodeJS.ErrnoException;
  if (AWAY.test(code) || AWAY_TEXT.test(thrown.message)) return true;
  if (NO_CONNECTION.test(code) && CONNECTION_CALLS.test(syscall)) return true;
  return isStoreAway(thrown.cause);
}

/** The name of the unique or foreign key that a write ran into, if that is what failed. */
export function violatedConstraint(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return undefined;
  if (thrown.code !== "23505" && thrown.code !== "23503") return undefined;
  return "constraint" in thrown ? String(thrown.constraint) : undefined;
}
