import { sql } from "kysely";
import { type Db, silentLogger } from "../../../kernel/index.ts";
import type { Database } from "../store/index.ts";
import { startJobs } from "./durable-jobs.ts";

/** A job that has not been done yet. */
export interface WaitingJob {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly key: string | null;
}

/** The jobs that are not done, as the caller's transaction sees them. */
export async function listWaitingJobs(trx: Db): Promise<readonly WaitingJob[]> {
  const { rows: found } = await sql<{
    there: boolean;
  }>`select to_regclass('jobs.job') is not null as there`.execute(trx);
  if (!found[0]?.there) return [];
  // The library's own queues have names that begin with two underscores.
  const { rows } = await sql<{ name: string; data: Record<string, unknown> | null; key: string | null }>`
    select name, data, singleton_key as key from jobs.job
    where state < 'completed' and name not like '\\_\\_%' order by created_on`.execute(trx);
  return rows.map(({ name, data, key }) => ({ name, data: data ?? {}, key }));
}

/** Records jobs in a database where nobody works on them yet. */
export async function sendJobs(database: Database, jobs: readonly WaitingJob[]): Promise<void> {
  if (jobs.length === 0) return;
  const running = await startJobs({ database, kinds: [], logger: silentLogger });
  try {
    for (const { name, data, key } of jobs) await running.send(name, data, key ?? undefined);
  } finally {
    await running.stop();
  }
}
