import { migrations } from "../drivers/postgres/migrations/index.ts";
import { type Database, isStoreAway, migrate, openDatabase } from "../drivers/postgres/store/index.ts";
import { errorText, type Logger, pause, systemClock } from "../kernel/index.ts";
import type { Config } from "./config.ts";
import { readConiferVersion } from "./conifer-version.ts";

/** Opens the store that the settings name. */
export async function requireStore({ databaseUrl }: Config, logger: Logger): Promise<Database> {
  if (!databaseUrl) throw new Error("DATABASE_URL is not set. `npm start` sets it for this process.");
  return await openStore(databaseUrl, logger);
}

const WAIT_MS = 60_000;

/** Opens the store and brings its schema up to date; waits a minute for a store that is still starting. */
export async function openStore(url: string, logger: Logger): Promise<Database> {
  const onError = (error: Error) => logger.warn("a database connection was lost", { error: error.message });
  const database = openDatabase({ url, maxConnections: 12, onError });
  const until = Date.now() + WAIT_MS;
  for (;;) {
    try {
      const applied = await migrate(database.db, migrations, systemClock(), readConiferVersion());
      if (applied.length > 0) logger.info("schema migrated", { applied });
      return database;
    } catch (thrown) {
      if (!isStoreAway(thrown) || Date.now() > until) {
        await database.close().catch(() => {});
        throw new Error(`The database cannot be used: ${errorText(thrown)}`, { cause: thrown });
      }
      await pause(200);
    }
  }
}
