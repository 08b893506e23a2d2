import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { startPostgres } from "../drivers/embedded/postgres/index.ts";
import { ArchiveDamaged, readArchive, type SectionSum } from "../drivers/files/archives/index.ts";
import { sendJobs, type WaitingJob } from "../drivers/postgres/jobs/index.ts";
import { migrations } from "../drivers/postgres/migrations/index.ts";
import { type Database, openDatabase, unknownSteps } from "../drivers/postgres/store/index.ts";
import { errorText, type MasterKey, silentLogger } from "../kernel/index.ts";
import {
  type BackupDetails,
  type BackupHead,
  isExpected,
  parseDetails,
  parseHead,
  whyNotKey,
} from "./backup-form.ts";
import type { CopyProgress } from "./backup-progress.ts";
import type { Config } from "./config.ts";
import { readConiferVersion } from "./conifer-version.ts";
import type { Home } from "./home.ts";
import { masterKeyFile, parseMasterKey } from "./master-key.ts";
import { readJobs, requireEmpty, restoreRows } from "./restore-database.ts";
import { restoreFiles } from "./restore-files.ts";
import { isHalfRestored, markRestore, unmarkRestore } from "./restore-marker.ts";
import { makeHomeFolders } from "./supervisor-home.ts";
import { claimHome, readRecord, recordRuns } from "./supervisor-instance.ts";

export interface RestoreCall {
  readonly config: Config;
  /** The backup. */
  readonly file: string;
  /** The master key, for a backup without it. */
  readonly keyFile: string | undefined;
  readonly progress: CopyProgress;
  readonly signal: AbortSignal;
}

/** What was restored. */
export interface RestoreReport {
  readonly home: string;
  readonly madeAt: string;
  readonly madeBy: string;
  readonly sections: Readonly<Record<string, SectionSum>>;
  readonly tables: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

/** A backup that was read to its end and found whole, with the key that opens it. */
interface WholeBackup {
  readonly head: BackupHead;
  readonly details: BackupDetails;
  readonly sections: Readonly<Record<string, SectionSum>>;
  readonly keyText: string;
  readonly master: MasterKey;
}

/**
 * Restores a backup into a home that is empty, and into the database of DATABASE_URL, when that is set and empty. The backup is read to
 * its end before anything is written. What fails leaves the home empty; one that a kill left half restored cannot be
 * started in, and is begun anew by the next restore.
 */
export async function restoreHome(call: RestoreCall): Promise<RestoreReport> {
  const { config, file, signal } = call;
  const { home } = config;
  await requireEmptyHome(config);
  call.progress.begin("reading");
  const whole = await verifyBackup(call);
  await requireRoom(home, whole);
  await mkdir(home.root, { recursive: true, mode: 0o700 });
  await clear(home);
  try {
    await markRestore(home);
    makeHomeFolders(home);
    const claim = await claimHome(home.pidFile);
    try {
      const written = await writeHome(call, whole);
      signal.throwIfAborted();
      await syncDisk(home);
      await unmarkRestore(home);
      const { createdAt: madeAt, conifer: madeBy } = whole.head;
      return { home: home.root, madeAt, madeBy, sections: whole.sections, ...written };
    } finally {
      claim.release();
    }
  } catch (thrown) {
    await clear(home);
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== "ENOSPC" && code !== "53100") throw thrown;
    throw new Error(
      `The disk of ${home.root} is full. Nothing of ${resolve(file)} is left there; make room, and restore again.`,
      {
        cause: thrown,
      },
    );
  }
}

async function requireEmptyHome({ home }: Config): Promise<void> {
  if (home.keys !== join(home.root, "keys"))
    throw new Error(
      "CONIFER_KEYS is set: this restores an instance on one machine, which has its keys in its home. Unset it.",
    );
  const record = readRecord(home.pidFile);
  if (record && recordRuns(record))
    throw new Error(
      `${home.root} is in use, by process ${record.pid}. Restore into another CONIFER_HOME, or stop that process.`,
    );
  const names = await readdir(home.root).catch(() => []);
  if (names.length === 0 || isHalfRestored(home)) return;
  throw new Error(
    `${home.root} is not empty: it has ${names.slice(0, 3).join(", ")}${names.length > 3 ? " and more" : ""}. Nothing was changed. ` +
      "Move it away, or set CONIFER_HOME to a folder that is not there yet.",
  );
}

/** Reads all of it. Throws for one that is damaged, that a newer Conifer made, or that the key does not open. */
async function verifyBackup({ file, keyFile, progress, signal }: RestoreCall): Promise<WholeBackup> {
  let head: BackupHead | undefined;
  let keyText = keyFile === undefined ? undefined : await readFile(keyFile, "utf8");
  let master: MasterKey | undefined;
  const check = (text: string, from: string) => {
    master = parseMasterKey(text, from);
    const why = head && whyNotKey(head, master);
    if (why)
      throw new Error(
        `The master key ${from} does not open this backup: ${why}. Nothing was changed. Give the key of its time.`,
      );
  };
  const manifest = await readArchive(file, {
    head: (value) => {
      head = parseHead(value);
      refuseNewer(head);
      if (keyText !== undefined) return check(keyText, keyFile ?? "");
      if (head.withKey) return;
      throw new Error(
        "The master key is not in this backup. Give it with --key-file: the keys/master.json of the home that was backed up.",
      );
    },
    expects: isExpected,
    file: async ({ section, path, size, content }) => {
      signal.throwIfAborted();
      progress.added(size);
      if (section !== "keys" || path !== "master.json" || keyText !== undefined) return;
      keyText = (await buffer(content)).toString("utf8");
      check(keyText, "in the backup");
    },
  }).catch((thrown) => {
    if (!(thrown instanceof ArchiveDamaged)) throw thrown;
    throw new Error(`${resolve(file)} is not a whole backup: ${thrown.message}. Nothing was changed.`, {
      cause: thrown,
    });
  });
  if (!head || keyText === undefined || !master)
    throw new Error(`${resolve(file)} should have its master key in it, and has not.`);
  return { head, details: parseDetails(manifest.details), sections: manifest.sections, keyText, master };
}

function refuseNewer({ migrations: taken, conifer }: BackupHead): void {
  const unknown = unknownSteps(taken, migrations);
  if (unknown.length === 0) return;
  throw new Error(
    `A newer Conifer (${conifer}) made this backup: its database has the migration ${unknown.join(", ")}, which this one (${readConiferVersion()}) does not know. ` +
      "Nothing was changed. Restore it with that Conifer.",
  );
}

/** What a database takes of the disk before there is anything in it. */
const DATABASE_BYTES = 128 * 1024 * 1024;

async function requireRoom(home: Home, { sections }: WholeBackup): Promise<void> {
  let there = home.root;
  while (!existsSync(there)) there = resolve(there, "..");
  const { bavail, bsize } = await statfs(there);
  const needed = Object.values(sections).reduce((sum, { bytes }) => sum + bytes, DATABASE_BYTES);
  if (bavail * bsize >= needed) return;
  const say = (bytes: number) => `${Math.ceil(bytes / 1024 ** 2)} MB`;
  throw new Error(
    `The backup takes ${say(needed)}, and the disk of ${home.root} has ${say(bavail * bsize)}. Nothing was changed. Make room first.`,
  );
}

/** Leaves the folder itself, which may be a mount. */
async function clear(home: Home): Promise<void> {
  const names = await readdir(home.root);
  // The marker goes last, so that a kill in between leaves it.
  for (const name of names.sort(
    (a, b) => Number(a === "restore-under-way") - Number(b === "restore-under-way"),
  ))
    await rm(join(home.root, name), { recursive: true, force: true });
}

async function writeHome(call: RestoreCall, whole: WholeBackup) {
  const { home, databaseUrl } = call.config;
  await writeFile(masterKeyFile(home), whole.keyText, { mode: 0o600, flag: "wx", flush: true });
  if (databaseUrl !== undefined)
    return await withDatabase(databaseUrl, (database) => writeBoth(call, whole, database));
  const server = await startPostgres({
    ...{ dataDir: home.postgresData, socketDir: home.postgresSocketDir, copyTo: home.state },
    passwordFile: join(home.keys, "postgres.password"),
    ...{ log: () => {}, logger: silentLogger },
  });
  try {
    return await withDatabase(server.url, (database) => writeBoth(call, whole, database));
  } finally {
    await server.stop();
  }
}

async function withDatabase<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase({ url, maxConnections: 4, onError: () => {} });
  return await work(database).finally(() => database.close());
}

async function writeBoth(call: RestoreCall, whole: WholeBackup, database: Database) {
  const { config, file, progress, signal } = call;
  await requireEmpty(database);
  const files = await restoreFiles(config.home, whole.master);
  const jobs: WaitingJob[] = [];
  let last = "";
  const tables = await restoreRows(database, whole.head.migrations, async (rows) => {
    await readArchive(file, {
      head: () => {},
      expects: isExpected,
      file: async (one) => {
        signal.throwIfAborted();
        if (one.section !== last) progress.begin(one.section);
        last = one.section;
        if (one.section === "database") await rows.take(one);
        else if (one.section === "jobs") jobs.push(...(await readJobs(one)));
        else await files.take(one);
        progress.added(one.size);
      },
    });
    return rows.counts;
  });
  requireCounts(whole.details.tables, tables);
  await sendJobs(database, jobs);
  const problems = [
    ...whole.details.problems,
    ...files.leftOut.map((name) => `${name} is damaged, and was left out`),
  ];
  return { tables, problems };
}

function requireCounts(
  wanted: Readonly<Record<string, number>>,
  found: Readonly<Record<string, number>>,
): void {
  for (const [table, count] of Object.entries(wanted))
    if ((found[table] ?? 0) !== count)
      throw new ArchiveDamaged(`${table} has ${found[table] ?? 0} rows; ${count} were backed up`);
}

/** All that was written is on the disk for good: one call, where each file's own would take minutes. (sync(1)) */
async function syncDisk({ root }: Home): Promise<void> {
  await promisify(execFile)("sync", ["--file-system", root]).catch((cause) => {
    throw new Error(`What was restored could not be forced to the disk: ${errorText(cause)}`, { cause });
  });
}
