import { hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import type { OutputStore } from "../delivery/output/index.ts";
import { makeLogClient } from "../drivers/embedded/logs/index.ts";
import { makeOutputFiles } from "../drivers/embedded/outputs/index.ts";
import { holdClaim, takeClaim } from "../drivers/postgres/claims/index.ts";
import { makeAppendEvent } from "../drivers/postgres/outbox/index.ts";
import { type Database, violatedConstraint } from "../drivers/postgres/store/index.ts";
import { defaultDomain } from "../edge/domain/index.ts";
import { type Claim, type Logger, newId, systemClock } from "../kernel/index.ts";
import { type Meter, silentMeter } from "../observe/metric/index.ts";
import { silentTracer, type Tracer } from "../observe/trace/index.ts";
import type { Config } from "./config.ts";
import type { Home } from "./home.ts";
import { openMasterKey } from "./master-key.ts";

/** What nearly every part of the control process needs, made once. */
export type ControlContext = ReturnType<typeof makeControlContext>;

/** Where a control process keeps what is not in the database, and who it is among its like. */
export interface ControlSurroundings {
  readonly logs: ReturnType<typeof makeLogClient>;
  readonly outputs: OutputStore;
  /** Holds claims: the same again after a restart of the one process of this name. */
  readonly holder: string;
  /** Default: nobody counts. */
  readonly meter?: Meter;
  /** Default: nothing is traced. */
  readonly tracer?: Tracer;
}

/** Long enough for a pause of the process, short enough for a takeover. */
export const LEASE_MS = 15_000;

/** One control process on this machine, beside its host. */
export function localSurroundings({ home }: Config, logger: Logger): ControlSurroundings {
  const peer = { socketPath: home.hostSocket, secret: readSecret(home) };
  return {
    logs: makeLogClient({ peer, now: systemClock, logger }),
    outputs: makeOutputFiles(`${home.state}/outputs`),
    holder: "control",
  };
}

/** The credential with which Conifer's processes call each other. */
export function readSecret(home: Home): string {
  return readFileSync(home.secretFile, "utf8").trim();
}

export function makeControlContext(
  config: Config,
  database: Database,
  logger: Logger,
  {
    logs,
    outputs,
    holder,
    meter = silentMeter,
    tracer = silentTracer,
  }: ControlSurroundings = localSurroundings(config, logger),
) {
  const masterKey = openMasterKey(config.home);
  const current = masterKey.keys.get(masterKey.current) ?? Buffer.alloc(0);
  return {
    config,
    database,
    db: database.db,
    logger,
    clock: systemClock,
    newId,
    random: Math.random,
    masterKey,
    logs,
    outputs,
    meter,
    tracer,
    /** Signs addresses that are their own credential. */
    urlKey: Buffer.from(hkdfSync("sha256", current, "", "conifer signed addresses", 32)),
    appendEvent: makeAppendEvent(systemClock, tracer.traceparent),
    violatedConstraint,
    hostOf: (name: string) => defaultDomain(name, config.domain),
    webUrl: (name: string) => webUrl(defaultDomain(name, config.domain), config.webPort),
    gitUrl: (name: string) => `https://localhost:${config.apiPort}/${name}.git`,
    claim: makeClaims(database, holder),
    holdClaim,
  };
}

function webUrl(host: string, port: number): string {
  return port === 80 ? `http://${host}/` : `http://${host}:${port}/`;
}

/**
 * Claims of this process, whose clock may be set while they last. One that was killed and is started again under the same
 * name goes on with them.
 */
function makeClaims(database: Database, holder: string) {
  const held = new Map<string, { claim: Claim; renewAt: number }>();
  return async (subject: string): Promise<Claim | undefined> => {
    const known = held.get(subject);
    if (known && known.renewAt > performance.now()) return known.claim;
    const wanted = { subject, holder, leaseMs: LEASE_MS };
    const claim = await takeClaim(database.db, wanted);
    if (claim) held.set(subject, { claim, renewAt: performance.now() + LEASE_MS / 3 });
    else held.delete(subject);
    return claim;
  };
}
