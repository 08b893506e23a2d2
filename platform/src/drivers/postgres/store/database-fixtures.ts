import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startPostgres } from "../../embedded/postgres/index.ts";
import { postgresIn } from "../../embedded/postgres/postgres-fixtures.ts";
import { type Database, openDatabase } from "./open-database.ts";

/** A real server of its own for one test file. */
export interface TestServer {
  /** The address of a new, empty database. */
  newDatabase(): Promise<string>;
  /** A pool on such a database, closed with the server. */
  open(url: string): Database;
  /** Ends the server as an operator would, and starts it again on the same data. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestServer(): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "conifer-store-"));
  let server: EmbeddedPostgres = await startPostgres(postgresIn(folder));
  const pools: Database[] = [];
  const open = (url: string) => {
    const database = openDatabase({ url, maxConnections: 5, onError: () => {} });
    pools.push(database);
    return database;
  };
  const main = open(server.url);
  let made = 0;
  return {
    open,
    newDatabase: async () => {
      const name = `test_${++made}`;
      await main.query(`create database ${name}`);
      return server.url.replace("/postgres?", `/${name}?`);
    },
    down: () => server.stop(),
    up: async () => {
      server = await startPostgres(postgresIn(folder));
    },
    stop: async () => {
      for (const pool of pools) await pool.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
