import { hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import type { LocalPeer } from "../drivers/embedded/local/index.ts";
import { makeLogClient } from "../drivers/embedded/logs/index.ts";
import { makeOutputFiles } from "../drivers/embedded/outputs/index.ts";
import { takeClaim } from "../drivers/postgres/claims/index.ts";
import { makeAppendEvent } from "../drivers/postgres/outbox/index.ts";
import { type Database, violatedConstraint } from "../drivers/postgres/store/index.ts";
import { defaultDomain } from "../edge/domain/index.ts";
import { type Claim, type Logger, newId, systemClock } from "../kernel/index.ts";
import type { Config } from "./config.ts";
import { readMasterKey } from "./master-key.ts";

/** What nearly every part of the control process needs, made once. */
export type ControlContext = ReturnType<typeof makeControlContext>;

/** Long enough for a pause of the process, short enough for a takeover. */
const LEASE_MS = 15_000;

export function makeControlContext(config: Config, database: Database, logger: Logger) {
  const { home } = config;
  const masterKey = readMasterKey(home);
  const secret = readFileSync(home.secretFile, "utf8").trim();
  const hostPeer: LocalPeer = { socketPath: home.hostSocket, secret };
  const routerPeer: LocalPeer = { socketPath: home.routerSocket, secret };
  const logs = makeLogClient({ peer: hostPeer, now: systemClock, logger });
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
    secret,
    hostPeer,
    routerPeer,
    logs,
    outputs: makeOutputFiles(`${home.state}/outputs`),
    /** Signs addresses that are their own credential. */
    urlKey: Buffer.from(hkdfSync("sha256", current, "", "conifer signed addresses", 32)),
    appendEvent: makeAppendEvent(systemClock),
    violatedConstraint,
    hostOf: (name: string) => defaultDomain(name, config.domain),
    webUrl: (name: string) => `http://${defaultDomain(name, config.domain)}:${config.routerPort}/`,
    gitUrl: (name: string) => `https://localhost:${config.apiPort}/${name}.git`,
    claim: makeClaims(database),
  };
}

/**
 * Claims of this process. The supervisor runs one control process at a time, so a restarted one goes on with the claims
 * of the one that was killed.
 */
function makeClaims(database: Database) {
  const held = new Map<string, { claim: Claim; renewAt: number }>();
  return async (subject: string): Promise<Claim | undefined> => {
    const known = held.get(subject);
    if (known && known.renewAt > Date.now()) return known.claim;
    const wanted = { subject, holder: "control", leaseMs: LEASE_MS };
    const claim = await takeClaim(database.db, wanted, systemClock);
    if (claim) held.set(subject, { claim, renewAt: Date.now() + LEASE_MS / 3 });
    else held.delete(subject);
    return claim;
  };
}
