import { join } from "node:path";
import { silentLogger } from "../../../kernel/index.ts";
import { type EmbeddedPostgres, type PostgresOptions, startPostgres } from "./index.ts";

/** Everything of a server below one folder; `said` collects what it writes. */
export function postgresIn(root: string, said: string[] = []): PostgresOptions {
  return {
    dataDir: join(root, "postgres"),
    socketDir: join(root, "run"),
    passwordFile: join(root, "keys/postgres.password"),
    copyTo: join(root, "state"),
    log: (text) => said.push(text),
    logger: silentLogger,
  };
}

/** Run as a program: starts a server in the folder given, tells where it is, and stops it at SIGTERM. */
async function main(root: string): Promise<void> {
  const server: EmbeddedPostgres = await startPostgres(postgresIn(root));
  console.log(JSON.stringify({ url: server.url, pid: server.pid() }));
  process.once("SIGTERM", () => void server.stop().then(() => process.exit(0)));
}

if (import.meta.main) await main(process.argv[2] ?? "");
