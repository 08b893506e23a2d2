import { type ChildProcess, spawn } from "node:child_process";
import { chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Logger, pause, type Running, within } from "../../../kernel/index.ts";
import {
  type AccountCommand,
  asAccount,
  choosePostgresAccount,
  findProgram,
  gatherAccountFacts,
} from "./postgres-account.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import { POSTGRES_USER, preparePostgresData } from "./postgres-data.ts";
import { type ClearOptions, clearPostgresRemains, readPostmasterFile } from "./postgres-remains.ts";
import {
  accessRules,
  checkSocketDir,
  type PostgresNetwork,
  postgresSettings,
  postgresUrl,
} from "./postgres-settings.ts";

export interface PostgresOptions {
  readonly dataDir: string;
  /** The folder of the unix socket, 0700; the only way to the server. */
  readonly socketDir: string;
  /** Where the role's password is kept, 0600. */
  readonly passwordFile: string;
  /** Where the server is copied to when node_modules is read-only. */
  readonly copyTo: string;
  /** Takes what the server writes to its standard error. */
  readonly log: (text: string) => void;
  readonly logger: Logger;
  /** Also serves other machines. */
  readonly network?: PostgresNetwork;
  /** Told each time a server is up: the first one, and each that follows a crash. */
  readonly started?: (pid: number) => void;
}

export interface EmbeddedPostgres extends Running {
  /** For node-postgres; holds the password. */
  readonly url: string;
  /** Of the postmaster that runs now. */
  pid(): number | undefined;
  /** Fast shutdown: transactions in progress are rolled back, and the data is left clean. */
  stop(): Promise<void>;
  /** Ends at once; the next start recovers from the log. */
  stopNow(): Promise<void>;
}

const START_MS = 60_000;
const FAST_STOP_MS = 10_000;
const IMMEDIATE_STOP_MS = 3_000;

/**
 * Starts a PostgreSQL of Conifer's own and keeps it up: a server that dies is started again as soon as its backends
 * are gone. Resolves when connections are accepted; throws when the first start fails, with the server's own words.
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  checkSocketDir(options.socketDir, options.network?.port);
  const { password, launch } = await prepare(options);
  const server = new Keeper(options, launch);
  await server.start();
  return {
    url: postgresUrl({
      ...{ user: POSTGRES_USER, password },
      ...{ socketDir: options.socketDir, port: options.network?.port },
    }),
    pid: () => server.pid(),
    stop: () => server.stop(["SIGINT", "SIGQUIT", "SIGKILL"]),
    stopNow: () => server.stop(["SIGQUIT", "SIGKILL"]),
  };
}

async function prepare(options: PostgresOptions) {
  const binaries = await findPostgresBinaries(options.copyTo);
  const account = choosePostgresAccount(await gatherAccountFacts({ ...options, native: binaries.native }));
  const tools = { setpriv: await findProgram("setpriv"), unshare: await findProgram("unshare") };
  const runAs = (program: string, args: readonly string[]) => asAccount(account, program, args, tools);
  await clearPostgresRemains(remainsOf(options));
  const password = await preparePostgresData({ ...options, binaries, account, runAs });
  await mkdir(options.socketDir, { recursive: true, mode: 0o700 });
  if (account.kind === "account") await chown(options.socketDir, account.uid, account.gid);
  const { network } = options;
  if (network) {
    await writeFile(network.accessFile, accessRules(POSTGRES_USER), { mode: 0o600 });
    if (account.kind === "account") await chown(network.accessFile, account.uid, account.gid);
  }
  const args = ["-D", options.dataDir, ...postgresSettings(options.socketDir, network)];
  options.logger.info("postgres prepared", { account: account.kind, major: binaries.major });
  return { password, launch: runAs(join(binaries.native, "bin/postgres"), args) };
}

function remainsOf({ dataDir, socketDir, network }: PostgresOptions): ClearOptions {
  return { dataDir, socketDir, port: network?.port, withinMs: FAST_STOP_MS };
}

/** The server that runs now, and the will to keep one running. */
class Keeper {
  readonly #options: PostgresOptions;
  readonly #launch: AccountCommand;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #watch: Promise<void> = Promise.resolve();

  constructor(options: PostgresOptions, launch: AccountCommand) {
    this.#options = options;
    this.#launch = launch;
  }

  pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    await this.#startOne();
    this.#watch = this.#keepUp();
  }

  /** Sends the signals in turn, each when the one before did not end the server in its time. */
  async stop(signals: readonly NodeJS.Signals[]): Promise<void> {
    this.#stopping.abort();
    for (const signal of signals) {
      this.#child?.kill(signal);
      const patience = signal === "SIGINT" ? FAST_STOP_MS : IMMEDIATE_STOP_MS;
      if (await endsWithin(patience, this.#watch)) return;
    }
    throw new Error(`PostgreSQL (process ${this.#child?.pid}) does not end`);
  }

  async #startOne(): Promise<void> {
    const { command, args, uid, gid } = this.#launch;
    const env = { LC_ALL: "C", PATH: process.env.PATH };
    const child = spawn(command, args, {
      cwd: "/",
      env,
      uid,
      gid,
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const said = keepTail(child, this.#options.log);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once("error", (thrown) => {
        said.push(thrown.message);
        resolve();
      });
      child.once("close", () => resolve());
    });
    await this.#untilReady(child, said);
    this.#options.started?.(child.pid ?? 0);
  }

  async #untilReady(child: ChildProcess, said: readonly string[]): Promise<void> {
    const deadline = Date.now() + START_MS;
    const over = new AbortController();
    void this.#ended.then(() => over.abort());
    while (!over.signal.aborted) {
      const file = await readPostmasterFile(this.#options.dataDir);
      if (file?.pid === child.pid && file?.status === "ready") return;
      if (Date.now() > deadline) child.kill("SIGQUIT");
      await pause(10, over.signal);
    }
    throw new Error(`PostgreSQL did not start: ${said.join("").trim() || "it ended without a word"}`);
  }

  async #keepUp(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; ; ) {
      await this.#ended;
      if (signal.aborted) return;
      this.#options.logger.error("postgres ended and is started again", { failures });
      await pause(Math.min(100 * 2 ** failures, 5_000), signal);
      if (signal.aborted) return;
      try {
        await clearPostgresRemains(remainsOf(this.#options));
        if (signal.aborted) return;
        await this.#startOne();
        failures = 0;
        if (signal.aborted) this.#child?.kill("SIGINT");
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        this.#options.logger.error("postgres could not be started again", { error });
      }
    }
  }
}

/** The last lines the server wrote, for the message of a failed start. */
function keepTail(child: ChildProcess, log: (text: string) => void): string[] {
  const said: string[] = [];
  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (text: string) => {
    log(text);
    said.push(text);
    if (said.length > 20) said.shift();
  });
  return said;
}

async function endsWithin(ms: number, ended: Promise<void>): Promise<boolean> {
  return await within(ms, ended, "").then(
    () => true,
    () => false,
  );
}
