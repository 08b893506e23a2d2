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
  /** Records a job. Only one of a kind and key waits at a time: without a key, only one of the kind. */
  send(name: string, data: Readonly<Record<string, unknown>>, key?: string): Promise<void>;
}

export interface JobsOptions {
  readonly database: Database;
  readonly kinds: readonly JobKind[];
  readonly logger: Logger;
  /** A worker that gives no sign of life for so long is taken for dead; 10 at the least. Default 30. */
  readonly heartbeatSeconds?: number;
  /** How often workers look for jobs, and dead workers are looked for. Default 5 and 15. */
  readonly pollSeconds?: number;
  readonly superviseSeconds?: number;
}

/** Tries of a job that fails, with pauses that double from 1 s to 10 min: about seven hours in all. */
const RETRIES = 50;
const LONGEST_PAUSE_SECONDS = 600;
const STOP_MS = 5_000;

/**
 * Durable jobs in the store, by pg-boss, over the pool that everything uses. Several processes may work on the same
 * kinds. Stopping waits 5 s for jobs under way; those that take longer are tried again later.
 */
export async function startJobs(options: JobsOptions): Promise<Jobs> {
  const { database, kinds, logger, superviseSeconds = 15 } = options;
  const boss = new PgBoss({
    db: {
      executeSql: (text: string, values?: unknown[]) =>
        database.query(text, values) as Promise<{ rows: never[] }>,
    },
    schema: "jobs",
    superviseIntervalSeconds: superviseSeconds,
    monitorIntervalSeconds: superviseSeconds,
  });
  boss.on("error", (error) => logger.warn("jobs will try again", { error: error.message }));
  await underLock(database, () => boss.start());
  const makeQueue = onceEach((name) => boss.createQueue(name, queueOptions(options)));
  for (const kind of kinds) {
    await makeQueue(kind.name);
    await workOn(boss, kind, options);
  }
  return {
    send: async (name, data, key) => {
      // Another process works on it, which may not have started yet.
      await makeQueue(name);
      await boss.send(name, data, key ? { singletonKey: key } : {});
    },
    stop: () => boss.stop({ graceful: true, timeout: STOP_MS }),
  };
}

/** Any number that nobody else locks. */
const START_LOCK = 6_400_017;

/** The first start makes the tables, and of several at once only one may. */
async function underLock(database: Database, work: () => Promise<unknown>): Promise<void> {
  const client = await database.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [START_LOCK]);
    await work();
  } finally {
    // Its end gives the lock back, also after a failure.
    await client.end();
  }
}

/** Does the work once for each name, and again for one whose work failed. */
function onceEach(work: (name: string) => Promise<unknown>): (name: string) => Promise<void> {
  const done = new Set<string>();
  return async (name) => {
    if (done.has(name)) return;
    await work(name);
    done.add(name);
  };
}

function queueOptions({ heartbeatSeconds = 30 }: JobsOptions) {
  return {
    policy: "short",
    retryLimit: RETRIES,
    retryDelay: 1,
    retryBackoff: true,
    retryDelayMax: LONGEST_PAUSE_SECONDS,
    heartbeatSeconds,
  } as const;
}

async function workOn(boss: PgBoss, kind: JobKind, options: JobsOptions): Promise<void> {
  const run = async (jobs: readonly { readonly data: Record<string, unknown> | null }[]) => {
    for (const job of jobs) await kind.run(job.data ?? {});
  };
  await boss.work(kind.name, { pollingIntervalSeconds: options.pollSeconds ?? 5 }, run);
  if (kind.schedule) await boss.schedule(kind.name, kind.schedule);
}
