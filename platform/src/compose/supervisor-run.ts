import { join } from "node:path";
import { type EmbeddedPostgres, startPostgres } from "../drivers/embedded/postgres/index.ts";
import { type Logger, pause, systemClock } from "../kernel/index.ts";
import type { Config } from "./config.ts";
import { listenAddresses } from "./listen-addresses.ts";
import { ensureMasterKey } from "./master-key.ts";
import { type OwnLog, openOwnLog } from "./own-log.ts";
import { refuseHalfRestored } from "./restore-marker.ts";
import { type ChildSpec, type KeptChild, keepChild } from "./supervisor-child.ts";
import type { RoleName } from "./supervisor-environment.ts";
import { ensureRunSecret, makeHomeFolders, removeRunRemains } from "./supervisor-home.ts";
import { claimHome, type InstanceClaim } from "./supervisor-instance.ts";
import type { ReadyMessage } from "./supervisor-messages.ts";
import { checkPorts, wantedPorts } from "./supervisor-ports.ts";

export interface SupervisorOptions {
  readonly config: Config;
  /** How to start each role, once the database's URL is known. */
  readonly specOf: (role: RoleName, databaseUrl: string) => ChildSpec;
  readonly makeLogger: (write: (line: string) => void) => Logger;
  /** Tells the person at the terminal, one line at a time. */
  readonly tell: (line: string) => void;
  /** How long all may take to stop, and how much of it is kept for the database. Default 40 s and 5 s. */
  readonly stopMs?: number;
}

export interface Platform {
  /** Resolves when all serve, with what the host told. Throws the reason when something cannot start. */
  start(): Promise<{ readonly host: ReadyMessage }>;
  /** Ends all in good order, also after half a start. */
  stop(): Promise<void>;
  /** Ends all at once; also while `stop` is under way. */
  stopNow(): Promise<void>;
  /** Kills all without waiting: for when nobody is left to wait for. */
  abandon(): void;
}

/** The order in which the roles are told to stop: no new requests, no new decisions, then the dynos. */
const STOP_ORDER: readonly RoleName[] = ["router", "control", "host", "registry"];
const READY_MS = 120_000;
const STOP_MS = 40_000;
const DATABASE_STOP_MS = 5_000;

/** Conifer's processes: starts them, keeps them up, and ends them in order. Takes the home; throws HomeTaken, and for a home that is half restored. */
export async function makePlatform(options: SupervisorOptions): Promise<Platform> {
  const { config } = options;
  refuseHalfRestored(config.home);
  makeHomeFolders(config.home);
  const claim = await claimHome(config.home.pidFile);
  return new Parts(options, claim);
}

class Parts implements Platform {
  readonly #options: SupervisorOptions;
  readonly #claim: InstanceClaim;
  readonly #logger: Logger;
  readonly #logs: OwnLog[] = [];
  readonly #children = new Map<RoleName, KeptChild>();
  readonly #stopping = new AbortController();
  readonly #stoppingNow = new AbortController();
  #logsClosed: Promise<unknown> | undefined;
  #database: Promise<EmbeddedPostgres> | undefined;
  #postgres: EmbeddedPostgres | undefined;

  constructor(options: SupervisorOptions, claim: InstanceClaim) {
    this.#options = options;
    this.#claim = claim;
    const log = this.#open("supervisor");
    this.#logger = options.makeLogger((line) => log.write(line));
  }

  /** All but control need no database and start beside it; control starts when its store is there. */
  async start(): Promise<{ readonly host: ReadyMessage }> {
    const { config, tell } = this.#options;
    removeRunRemains(config.home);
    ensureRunSecret(config.home);
    ensureMasterKey(config.home);
    await checkPorts(wantedPorts(config), listenAddresses(config.listen));
    const beside = config.registry ? "registry, " : "";
    tell(`Starting ${config.databaseUrl ? "" : "PostgreSQL, "}${beside}host, router and control ...`);
    const host = this.#startChild("host", "");
    const router = this.#startChild("router", "");
    const registry = config.registry ? this.#startChild("registry", "") : undefined;
    const control = this.#startDatabase().then((url) => this.#startChild("control", url));
    const [hostReady] = await Promise.all([host, router, control, registry]);
    return { host: hostReady };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const { stopMs = STOP_MS } = this.#options;
    const forRoles = Math.max(stopMs - DATABASE_STOP_MS, stopMs / 2);
    for (const role of STOP_ORDER) this.#children.get(role)?.end("SIGTERM");
    await Promise.race([this.#rolesEnded(), pause(forRoles, this.#stoppingNow.signal)]);
    await this.#endRest();
  }

  async stopNow(): Promise<void> {
    this.#stopping.abort();
    this.#stoppingNow.abort();
    await this.#endRest();
  }

  abandon(): void {
    this.#killRoles();
    const postgres = this.#postgres?.pid();
    if (postgres !== undefined) process.kill(postgres, "SIGQUIT");
  }

  async #endRest(): Promise<void> {
    this.#killRoles();
    await this.#rolesEnded();
    const postgres = await this.#database?.catch(() => undefined);
    await (this.#stoppingNow.signal.aborted ? postgres?.stopNow() : postgres?.stop());
    removeRunRemains(this.#options.config.home);
    this.#claim.release();
    // One closing for both ways to end: whoever came first is also first to have ended.
    this.#logsClosed ??= Promise.all(this.#logs.map((log) => log.close()));
    await this.#logsClosed;
  }

  async #startDatabase(): Promise<string> {
    const { config, tell } = this.#options;
    if (config.databaseUrl) return config.databaseUrl;
    const { home } = config;
    const log = this.#open("postgres");
    let starts = 0;
    this.#database = startPostgres({
      dataDir: home.postgresData,
      socketDir: home.postgresSocketDir,
      passwordFile: join(home.keys, "postgres.password"),
      copyTo: home.state,
      log: (text) => log.write(text),
      logger: this.#logger,
      started: () => {
        starts += 1;
        if (starts > 1) tell("PostgreSQL had ended and serves again.");
      },
    });
    this.#postgres = await this.#database;
    return this.#postgres.url;
  }

  async #startChild(role: RoleName, databaseUrl: string): Promise<ReadyMessage> {
    if (this.#stopping.signal.aborted) throw new Error(`${role} is not started: Conifer is being stopped`);
    const { specOf, tell } = this.#options;
    const child = keepChild({
      ...specOf(role, databaseUrl),
      log: this.#open(role),
      logger: this.#logger,
      readyWithinMs: READY_MS,
      started: (pid) => this.#claim.record(role, pid),
      changed: (change, how) =>
        tell(change === "ended" ? `${role} ended (${how}) and is started again.` : `${role} serves again.`),
    });
    this.#children.set(role, child);
    return await child.ready;
  }

  #killRoles(): void {
    for (const child of this.#children.values()) child.kill();
  }

  async #rolesEnded(): Promise<void> {
    await Promise.all([...this.#children.values()].map((child) => child.ended));
  }

  #open(role: string): OwnLog {
    const { home, logFileBytes, logFiles } = this.#options.config;
    const path = join(home.log, `${role}.log`);
    const log = openOwnLog({ path, role, fileBytes: logFileBytes, files: logFiles, now: systemClock });
    this.#logs.push(log);
    return log;
  }
}
