import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { AccountCommand, PostgresAccount } from "./postgres-account.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";

/** The server's only role; it owns everything. */
export const POSTGRES_USER = "conifer";

export interface PostgresDataOptions {
  readonly dataDir: string;
  /** Where the role's password is kept (0600); made with the data. */
  readonly passwordFile: string;
  readonly binaries: PostgresBinaries;
  readonly account: PostgresAccount;
  readonly runAs: (program: string, args: readonly string[]) => AccountCommand;
}

/**
 * Makes the data folder at the first start, and returns the password of its role. The folder appears under its name
 * only when it is whole, so that a start which was killed in the middle is simply repeated.
 * A folder of another major version is refused: its files cannot be read by this server.
 */
export async function preparePostgresData(options: PostgresDataOptions): Promise<string> {
  const found = await dataVersion(options.dataDir);
  const password = await readFile(options.passwordFile, "utf8").catch(() => undefined);
  if (found !== undefined) {
    checkMajor(options.dataDir, found, options.binaries.major);
    if (password) return password;
    throw new Error(
      `The database in ${options.dataDir} exists, and its password is gone: ${options.passwordFile}. ` +
        "Restore that file from a backup.",
    );
  }
  return await makeData(options, password || (await makePassword(options.passwordFile)));
}

/** The major version of the data folder, or undefined when there is none. */
async function dataVersion(dataDir: string): Promise<number | undefined> {
  const text = await readFile(join(dataDir, "PG_VERSION"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : Number.parseInt(text, 10);
}

function checkMajor(dataDir: string, found: number, ours: number): void {
  if (found === ours) return;
  throw new Error(
    `The database in ${dataDir} was made by PostgreSQL ${found}, and this Conifer carries PostgreSQL ${ours}, ` +
      `which cannot read it. Nothing was changed. Start the Conifer that made it, copy the data to a server of ` +
      `version ${ours} with pg_dump, and name that server in DATABASE_URL.`,
  );
}

async function makePassword(file: string): Promise<string> {
  const password = randomBytes(24).toString("base64url");
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, password, { mode: 0o600 });
  return password;
}

async function makeData(options: PostgresDataOptions, password: string): Promise<string> {
  const part = `${options.dataDir}.part`;
  const passwordCopy = `${part}.password`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true, mode: 0o700 });
  await writeFile(passwordCopy, password, { mode: 0o600 });
  if (options.account.kind === "account") {
    await chown(part, options.account.uid, options.account.gid);
    await chown(passwordCopy, options.account.uid, options.account.gid);
  }
  try {
    await initdb(options, part, passwordCopy);
  } finally {
    await rm(passwordCopy, { force: true });
  }
  await rm(options.dataDir, { recursive: true, force: true });
  await rename(part, options.dataDir);
  return password;
}

/** Text is UTF-8 in code point order on every machine, whatever locales are installed. */
async function initdb(options: PostgresDataOptions, dataDir: string, passwordFile: string): Promise<void> {
  const args = ["--pgdata", dataDir, "--username", POSTGRES_USER, "--pwfile", passwordFile];
  args.push("--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-instructions");
  args.push("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--sync-method=syncfs");
  const { command, args: all, uid, gid } = options.runAs(join(options.binaries.native, "bin/initdb"), args);
  const how = { cwd: "/", env: { LC_ALL: "C", PATH: process.env.PATH }, uid, gid };
  await promisify(execFile)(command, all, how).catch((cause: { stderr?: string; message: string }) => {
    throw new Error(`PostgreSQL's data folder could not be made: ${cause.stderr?.trim() || cause.message}`, {
      cause,
    });
  });
}
