import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DomainEvent, newId, silentLogger, systemClock } from "../../../kernel/index.ts";
import { startPostgres } from "../../embedded/postgres/index.ts";
import { postgresIn } from "../../embedded/postgres/postgres-fixtures.ts";
import { migrations } from "../migrations/index.ts";
import { makeAppendEvent } from "../outbox/index.ts";
import { migrate } from "./migrate.ts";
import { openDatabase } from "./open-database.ts";

/** A real PostgreSQL of its own with the whole schema, and what the capabilities' verbs take from it. */
export type TestStore = Awaited<ReturnType<typeof startTestStore>>;

export async function startTestStore() {
  const folder = mkdtempSync(join(tmpdir(), "conifer-store-"));
  const postgres = await startPostgres(postgresIn(folder));
  const database = openDatabase({ url: postgres.url, maxConnections: 20, onError: () => {} });
  await migrate(database.db, migrations, systemClock());
  return {
    database,
    db: database.db,
    clock: systemClock,
    newId,
    appendEvent: makeAppendEvent(systemClock),
    logger: silentLogger,
    masterKey: { current: 1, keys: new Map([[1, Buffer.alloc(32, 7)]]) },
    /** What has happened to an app, oldest first. */
    eventsOf: async (appId: string) => {
      const { rows } = await database.query(
        "select kind, actor, data from events where app_id = $1 order by xid, seq",
        [appId],
      );
      return rows as readonly Pick<DomainEvent, "kind" | "actor" | "data">[];
    },
    stop: async () => {
      await database.close();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
