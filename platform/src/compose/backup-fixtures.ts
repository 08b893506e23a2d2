import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ensureRepository, prepareGitFolder } from "../drivers/embedded/git/index.ts";
import { openDiskImageStore } from "../drivers/embedded/images/index.ts";
import { startPostgres } from "../drivers/embedded/postgres/index.ts";
import { migrations } from "../drivers/postgres/migrations/index.ts";
import { seeds } from "../drivers/postgres/migrations/migration-fixtures.ts";
import { type Database, migrate, openDatabase } from "../drivers/postgres/store/index.ts";
import { openCertificateAuthority } from "../edge/certificate/index.ts";
import { type MasterKey, silentLogger, systemClock } from "../kernel/index.ts";
import { writeAccessFile } from "./access-file.ts";
import { type BackupCall, type BackupReport, backUpHome } from "./backup-home.ts";
import { type Config, readConfig } from "./config.ts";
import { ensureMasterKey } from "./master-key.ts";
import { type RestoreReport, restoreHome } from "./restore-home.ts";
import { makeHomeFolders } from "./supervisor-home.ts";
import { claimHome } from "./supervisor-instance.ts";

const SILENT = { begin: () => {}, added: () => {} };

/** What a running instance has in its home, with as little running as a backup needs. */
export interface TestInstance {
  readonly config: Config;
  readonly database: Database;
  readonly master: MasterKey;
  /** Below which tests put backups and other homes; removed with the instance. */
  readonly folder: string;
  /** Puts a blob into the image store, and returns its digest. */
  blob(bytes: Buffer): Promise<string>;
  backUp(name: string, more?: Partial<BackupCall>): Promise<BackupReport>;
  stop(): Promise<void>;
}

export async function startTestInstance(): Promise<TestInstance> {
  const folder = mkdtempSync(join(tmpdir(), "cnf-"));
  const config = configIn(folder, "home");
  const { home } = config;
  makeHomeFolders(home);
  const claim = await claimHome(home.pidFile);
  const master = ensureMasterKey(home);
  openCertificateAuthority({ caFile: home.caFile, keyFile: join(home.keys, "ca.key"), now: systemClock });
  const access = {
    api: "http://localhost:1",
    router: "http://localhost:2",
    domain: "localhost",
    ca: home.caFile,
  };
  writeAccessFile(home, { ...access, email: "me@example.com", password: "a password", token: "a token" });
  const images = await openDiskImageStore(home.images);
  const server = await startPostgres({
    ...{ dataDir: home.postgresData, socketDir: home.postgresSocketDir, copyTo: home.state },
    ...{ passwordFile: join(home.keys, "postgres.password"), log: () => {}, logger: silentLogger },
  });
  const database = openDatabase({ url: server.url, maxConnections: 4, onError: () => {} });
  await migrate(database.db, migrations, new Date());
  return {
    ...{ config, database, master, folder },
    blob: async (bytes) => (await images.write(bytes)).digest,
    backUp: (name, more) =>
      backUpHome({
        ...{
          config,
          file: join(folder, name),
          key: "in",
          now: new Date("2026-11-22T10:00:00Z"),
          progress: SILENT,
        },
        ...{ signal: new AbortController().signal, ...more },
      }),
    stop: async () => {
      await database.close();
      await server.stop();
      claim.release();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function configIn(folder: string, name: string): Config {
  return readConfig({ CONIFER_HOME: join(folder, name) });
}

/** One row for every table. */
export async function fillDatabase(database: Database): Promise<void> {
  for (const rows of Object.values(seeds))
    for (const [table, row] of Object.entries(rows)) {
      const places = Object.keys(row).map((_, i) => `$${i + 1}`);
      await database.query(
        `insert into ${table} (${Object.keys(row).map((name) => `"${name}"`)}) values (${places})`,
        Object.values(row),
      );
    }
}

/** Every row of every table, as text. */
export async function allRows(database: Database): Promise<ReadonlyMap<string, readonly string[]>> {
  const tables = Object.values(seeds).flatMap((rows) => Object.keys(rows));
  const found = new Map<string, readonly string[]>();
  for (const table of tables) {
    const { rows } = await database.query(`select t::text as row from ${table} as t order by 1`);
    found.set(
      table,
      (rows as { row: string }[]).map(({ row }) => row),
    );
  }
  return found;
}

/** Opens the database of a home that nothing runs in; the returned function ends it. */
export async function openRestored({ home }: Config) {
  const server = await startPostgres({
    ...{ dataDir: home.postgresData, socketDir: home.postgresSocketDir, copyTo: home.state },
    ...{ passwordFile: join(home.keys, "postgres.password"), log: () => {}, logger: silentLogger },
  });
  const database = openDatabase({ url: server.url, maxConnections: 4, onError: () => {} });
  const close = async () => {
    await database.close();
    await server.stop();
  };
  return { database, close };
}

export async function restoreInto(config: Config, file: string, keyFile?: string): Promise<RestoreReport> {
  const signal = new AbortController().signal;
  return await restoreHome({ config, file, keyFile, progress: SILENT, signal });
}

/** Starts one of the commands as a process of its own, so that it can be killed. */
export function startCommand(
  name: "backup" | "restore" | "keys",
  { home }: Config,
  args: readonly string[],
): ChildProcess {
  const program = join(import.meta.dirname, `${name}-command.ts`);
  const flags = ["--disable-warning=ExperimentalWarning", program, ...args];
  const { DATABASE_URL: _, ...env } = process.env;
  return spawn(process.execPath, flags, {
    env: { ...env, CONIFER_HOME: home.root },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

export function put(path: string, content: string | Buffer): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

export const noise = (bytes: number): Buffer => randomBytes(bytes);
export const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** An app's repository with one commit on `main`; returns a function that makes another and moves `main` there. */
export async function makeRepository({ home }: Config, appId: string): Promise<(message: string) => string> {
  const settings = await prepareGitFolder({
    ...{ folder: home.git, nodePath: process.execPath, path: process.env.PATH ?? "" },
  });
  await ensureRepository(settings, appId);
  const repository = join(home.git, `${appId}.git`);
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: repository, encoding: "utf8", input: "" }).trim();
  const commit = (message: string) => {
    const who = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
    const made = git(...who, "commit-tree", "-m", message, git("mktree"));
    git("update-ref", "refs/heads/main", made);
    return made;
  };
  commit("First");
  return commit;
}

export function readRef({ home }: Config, appId: string): string {
  const repository = join(home.git, `${appId}.git`);
  return execFileSync("git", ["rev-parse", "main^{commit}"], { cwd: repository, encoding: "utf8" }).trim();
}

export const textOf = (path: string): string => readFileSync(path, "utf8");
