import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { holdSweeps } from "../drivers/embedded/images/index.ts";
import { findPostgresUrl } from "../drivers/embedded/postgres/index.ts";
import { type ArchiveWriter, createArchive, type SectionSum } from "../drivers/files/archives/index.ts";
import { type Database, openDatabase } from "../drivers/postgres/store/index.ts";
import { errorText, type MasterKey, seal } from "../kernel/index.ts";
import { appliedMigrations, copyDatabase, onOneState, recordedImages } from "./backup-database.ts";
import { type BackupFiles, copyInto } from "./backup-files.ts";
import {
  BACKUP_FORMAT,
  type BackupDetails,
  type BackupHead,
  keyMarks,
  sealedContext,
  sectionFolders,
} from "./backup-form.ts";
import { findBrokenImages } from "./backup-images.ts";
import { type AllRefs, copyRepositories, readAllRefs, refsOfState } from "./backup-repositories.ts";
import type { Config } from "./config.ts";
import { readConiferVersion } from "./conifer-version.ts";
import type { Home } from "./home.ts";
import { masterKeyFile, parseMasterKey } from "./master-key.ts";
import { readRecord, recordRuns } from "./supervisor-instance.ts";

export interface BackupCall {
  readonly config: Config;
  /** Where to. */
  readonly file: string;
  /** `in`: in the backup itself. A path: copied there. `apart`: the operator has it elsewhere. */
  readonly key: "in" | "apart" | { readonly copyTo: string };
  readonly now: Date;
  /** Told how far it is. */
  readonly progress: { begin(section: string): void; added(bytes: number): void };
  readonly signal: AbortSignal;
}

/** What was backed up. */
export interface BackupReport extends BackupDetails {
  readonly file: string;
  readonly bytes: number;
  readonly sections: Readonly<Record<string, SectionSum>>;
  readonly migrations: readonly string[];
  readonly keyVersions: readonly number[];
}

/**
 * Backs a running instance up while it works: one state of the database, and every file that this state names. Rows come first and
 * files after them; files are written before the rows that name them and collected long after, and nothing is collected
 * meanwhile. Broken off it leaves nothing.
 */
export async function backUpHome(call: BackupCall): Promise<BackupReport> {
  const { config, signal } = call;
  const { home } = config;
  requireInstance(config);
  const database = openDatabase({ url: await databaseUrlOf(config), maxConnections: 2, onError: () => {} });
  try {
    const letSweep = await holdSweeps(home.images, signal);
    try {
      return await writeBackup(call, database);
    } finally {
      await letSweep();
    }
  } finally {
    await database.close();
  }
}

/** Throws where there is no instance of one machine that runs. */
export function requireInstance({ home, systemNamespace }: Config): void {
  if (systemNamespace !== undefined || home.keys !== join(home.root, "keys"))
    throw new Error(
      "This backs up an instance on one machine. Of an installation in a cluster, back up its database with pg_dump, and its volumes " +
        "and the Secret with its keys by the cluster's own means.",
    );
  const record = readRecord(home.pidFile);
  if (!record || !recordRuns(record))
    throw new Error(
      `Conifer does not run in ${home.root}. Start it (npm start), or name its home in CONIFER_HOME.`,
    );
}

export async function databaseUrlOf({ databaseUrl, home }: Config): Promise<string> {
  if (databaseUrl !== undefined) return databaseUrl;
  const passwordFile = join(home.keys, "postgres.password");
  if (!existsSync(home.postgresData))
    throw new Error(
      `There is no database in ${home.root}. Set DATABASE_URL to the one that this instance was started with.`,
    );
  return await findPostgresUrl({ socketDir: home.postgresSocketDir, passwordFile });
}

async function writeBackup(call: BackupCall, database: Database): Promise<BackupReport> {
  const { config, file, key, now, progress, signal } = call;
  const { home } = config;
  const folders = sectionFolders(home);
  const before = await readAllRefs(home.git);
  let copied: string | undefined;
  let writer: ArchiveWriter | undefined;
  try {
    const state = await onOneState(database, async (trx) => {
      const migrations = await appliedMigrations(trx);
      // Read when nobody changes it any more, so that it opens every row of this state.
      const keyText = await readFile(masterKeyFile(home), "utf8");
      const master = parseMasterKey(keyText, masterKeyFile(home));
      writer = await createArchive(file, makeHead({ migrations, master, now, withKey: key === "in" }));
      const refs = await refsOfState(trx, before, await readAllRefs(home.git));
      const images = await recordedImages(trx);
      if (typeof key === "object") copied = await copyKey(keyText, key.copyTo);
      progress.begin("database");
      signal.throwIfAborted();
      const counts = await copyDatabase(trx, writer, progress.added);
      return { migrations, keyText, master, refs, images, counts, writer };
    });
    const archive = state.writer;
    const files = copyInto(archive, { added: progress.added, signal });
    progress.begin("keys");
    await copyKeys(archive, home, { ...state, withKey: key === "in" });
    progress.begin("git");
    await copyRepositories(home.git, state.refs as AllRefs, { files, writer: archive });
    await copyFolders(files, folders, progress);
    const problems = [
      ...files.damaged.map((name) => `${name} is damaged: its content is not what its name says`),
      ...(await findBrokenImages(home.images, state.images)),
    ];
    const details: BackupDetails = { ...state.counts, problems };
    const { bytes, sections } = await archive.finish(details);
    const keyVersions = [...state.master.keys.keys()];
    return { file: resolve(file), bytes, sections, migrations: state.migrations, keyVersions, ...details };
  } catch (thrown) {
    await writer?.abandon();
    if (copied !== undefined) await rm(copied, { force: true });
    throw signal.aborted || (thrown as NodeJS.ErrnoException).code === undefined
      ? thrown
      : explain(thrown, file);
  }
}

function makeHead(of: {
  readonly migrations: readonly string[];
  readonly master: MasterKey;
  readonly now: Date;
  readonly withKey: boolean;
}): BackupHead {
  return {
    ...{ format: BACKUP_FORMAT, conifer: readConiferVersion(), createdAt: of.now.toISOString() },
    ...{ migrations: of.migrations, keys: keyMarks(of.master), withKey: of.withKey },
  };
}

async function copyKey(text: string, copyTo: string): Promise<string> {
  const place = resolve(copyTo);
  await writeFile(place, text, { flag: "wx", mode: 0o600, flush: true }).catch(
    (thrown: NodeJS.ErrnoException) => {
      throw thrown.code === "EEXIST"
        ? new Error(`${place} is there already. Choose another name for the key.`)
        : thrown;
    },
  );
  return place;
}

/** Secrets beside the master key are sealed with it: whoever has the backup alone has none of them. */
async function copyKeys(
  writer: ArchiveWriter,
  home: Home,
  {
    keyText,
    master,
    withKey,
  }: { readonly keyText: string; readonly master: MasterKey; readonly withKey: boolean },
): Promise<void> {
  const add = async (path: string, content: Buffer) =>
    void (await writer.add({ section: "keys", path, size: content.length, content: [content] }));
  if (withKey) await add("master.json", Buffer.from(keyText));
  await add("ca.pem", await readFile(home.caFile));
  for (const [name, from] of Object.entries({
    "ca.key": join(home.keys, "ca.key"),
    "access.json": home.accessFile,
  }))
    await add(name, seal(await readFile(from), sealedContext(name), master));
}

async function copyFolders(
  files: BackupFiles,
  folders: ReturnType<typeof sectionFolders>,
  progress: BackupCall["progress"],
): Promise<void> {
  // What a repository of the registry holds comes before the blobs that it counts on.
  for (const section of ["repositories", "images", "sources", "outputs", "logs"] as const) {
    progress.begin(section);
    await files.folder(section, folders[section]);
  }
}

/** Of the disk it is told which file could not be written; the cause has the rest. */
function explain(thrown: unknown, file: string): Error {
  const { code } = thrown as NodeJS.ErrnoException;
  const why =
    code === "ENOSPC" || code === "EDQUOT"
      ? "its disk is full. Make room, or choose another place"
      : errorText(thrown);
  return new Error(`${resolve(file)} could not be written: ${why}. Nothing of it is left.`, {
    cause: thrown,
  });
}
