import { sql } from "kysely";
import { listKeptDigests } from "../delivery/image/index.ts";
import { listPassImages } from "../delivery/rebase/index.ts";
import type { ArchiveWriter } from "../drivers/files/archives/index.ts";
import { holdMasterKey } from "../drivers/postgres/claims/index.ts";
import { exportRows, listTables } from "../drivers/postgres/copies/index.ts";
import { listWaitingJobs } from "../drivers/postgres/jobs/index.ts";
import type { Database } from "../drivers/postgres/store/index.ts";
import type { Db } from "../kernel/index.ts";

/** Some rows as one file of an archive. */
export const ROWS_BYTES = 4 * 1024 * 1024;

/**
 * Does the work on one state of the database, whatever is written meanwhile. Throws when the master key is being changed, which
 * nobody does until the work is done.
 */
export async function onOneState<T>({ db }: Database, work: (trx: Db) => Promise<T>): Promise<T> {
  return await db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (trx) => {
      await sql`set local statement_timeout = 0`.execute(trx);
      if (!(await holdMasterKey(trx, "shared")))
        throw new Error(
          "The master key is being rotated. Back up again when that is done: npm run -s keys -- list",
        );
      return await work(trx);
    });
}

export async function appliedMigrations(trx: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select name from schema_migrations order by name`.execute(trx);
  return rows.map(({ name }) => name);
}

/** The images that the record names: all of them are to be in a backup. */
export async function recordedImages(trx: Db): Promise<readonly string[]> {
  return [...(await listKeptDigests(trx)), ...(await listPassImages(trx))];
}

/** Copies every row, and the jobs that wait. Returns how many there are. */
export async function copyDatabase(
  trx: Db,
  writer: Pick<ArchiveWriter, "add">,
  added: (bytes: number) => void,
): Promise<{ readonly tables: Record<string, number>; readonly jobs: number }> {
  const tables: Record<string, number> = {};
  for (const table of await listTables(trx)) {
    const write = textWriter(writer, "database", (part) => `${table}/${part}`);
    let count = 0;
    for await (const rows of exportRows(trx, table)) {
      for (const row of rows) added(await write.line(JSON.stringify(row)));
      count += rows.length;
    }
    added(await write.end());
    tables[table] = count;
  }
  const jobs = await listWaitingJobs(trx);
  const write = textWriter(writer, "jobs", String);
  for (const job of jobs) added(await write.line(JSON.stringify(job)));
  added(await write.end());
  return { tables, jobs: jobs.length };
}

/** Gathers lines into files of some megabytes, since a file's size stands before it. Each call returns the bytes it has written. */
function textWriter(writer: Pick<ArchiveWriter, "add">, section: string, nameOf: (part: number) => string) {
  let [lines, bytes, part]: [Buffer[], number, number] = [[], 0, 0];
  const end = async () => {
    if (bytes === 0) return 0;
    const written = bytes;
    part += 1;
    await writer.add({ section, path: nameOf(part), size: bytes, content: lines });
    [lines, bytes] = [[], 0];
    return written;
  };
  return {
    line: async (text: string) => {
      const line = Buffer.from(`${text}\n`);
      lines.push(line);
      bytes += line.length;
      return bytes >= ROWS_BYTES ? await end() : 0;
    },
    end,
  };
}
