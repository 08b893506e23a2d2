import { PgBoss } from "pg-boss";
import type { Logger, Running } from "../../../kernel/index.ts";
import type { Database } from "../store/index.ts";

/** One kind of durable job. A job that fails is tried again with growing pauses; one whose process was killed, too. */
export interface JobKind {
  readonly name: string;
  /** Does the work; must tolerate a repeat. */
  run(data: Readonly<Record<string, unknown>>): Promise<void>;
  /** A cron expression (UTC) on which a job of this kind is made by itself. */
  readonly schedule?: string;
}

export interface Jobs extends Running {
  /** Records a job. `key` makes it the only one of its kind and key that waits. */
  send(name: string, data: Readonly<Record<string, unknown>>, key?: string): Promise<void>;
}

export interface JobsOptions {
  readonly database: Database;
  readonly kinds: readonly JobKind[];
  readonly logger: Logger;
}

const RETRIES = 10;
/** A worker that gives no sign of life for so long is taken for dead. */
const HEARTBEAT_SECONDS = 30;
const POLL_SECONDS = 5;

/** Durable jobs in the store, by pg-boss, over the pool that everything uses. */
export async function startJobs({ database, kinds, logger }: JobsOptions): Promise<Jobs> {
  const boss = new PgBoss({
    db: {
      executeSql: (text: string, values?: unknown[]) =>
        database.query(text, values) as Promise<{ rows: never[] }>,
    },
    schema: "jobs",
  });
  boss.on("error", (error) => logger.warn("jobs will try again", { error: error.message }));
  await boss.start();
  for (const kind of kinds) {
    await boss.createQueue(kind.name, {
      policy: "short",
      retryLimit: RETRIES,
      retryBackoff: true,
      heartbeatSeconds: HEARTBEAT_SECONDS,
    });
    await boss.work<Record<string, unknown>>(
      kind.name,
      { pollingIntervalSeconds: POLL_SECONDS },
      async (jobs) => {
        for (const job of jobs) await kind.run(job.data ?? {});
      },
    );
    if (kind.schedule) await boss.schedule(kind.name, kind.schedule);
  }
  return {
    send: async (name, data, key) => {
      await boss.send(name, data, key ? { singletonKey: key } : {});
    },
    stop: () => boss.stop({ graceful: true, timeout: 5_000 }),
  };
}
