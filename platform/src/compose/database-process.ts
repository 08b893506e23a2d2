import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startPostgres } from "../drivers/embedded/postgres/index.ts";
import type { Logger, Running } from "../kernel/index.ts";
import { systemNamespace } from "./cluster-peers.ts";
import type { Config } from "./config.ts";

/** Where the other roles reach it. */
const DATABASE_PORT = 5432;

/** The database role: a PostgreSQL of our own on its volume, for the other roles, over TLS. */
export async function startDatabase(config: Config, logger: Logger, port = DATABASE_PORT): Promise<Running> {
  systemNamespace(config);
  const { home, databasePassword } = config;
  if (!databasePassword)
    throw new Error(
      "CONIFER_DATABASE_PASSWORD is not set; `conifer install` makes it with the other secrets.",
    );
  for (const folder of [home.state, home.run]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const passwordFile = join(home.state, "postgres.password");
  writeFileSync(passwordFile, databasePassword, { mode: 0o600, flush: true });
  return await startPostgres({
    dataDir: home.postgresData,
    socketDir: home.postgresSocketDir,
    passwordFile,
    copyTo: home.state,
    log: (text) => process.stderr.write(text),
    logger,
    network: {
      port,
      certificateFile: join(home.keys, "internal.pem"),
      keyFile: join(home.keys, "internal.key"),
      accessFile: join(home.state, "postgres.access"),
    },
  });
}
