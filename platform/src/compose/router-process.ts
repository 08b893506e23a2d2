import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeEndpointSource, makeSleepingAppsClient } from "../drivers/embedded/dynos/index.ts";
import { type LocalPeer, startLocalServer } from "../drivers/embedded/local/index.ts";
import { makeLogClient } from "../drivers/embedded/logs/index.ts";
import { routeTableRoutes } from "../drivers/embedded/routes/index.ts";
import {
  type GivenCertificate,
  makeCertificateCache,
  openCertificateAuthority,
} from "../edge/certificate/index.ts";
import {
  ListenError,
  LONGEST_LEAVE,
  type ProxyOptions,
  type RunningProxy,
  startProxy,
} from "../edge/proxy/index.ts";
import type { SleepingApps } from "../edge/route/index.ts";
import {
  openRouteJournal,
  type RouteJournal,
  type RoutingTable,
  watchEndpoints,
} from "../edge/table/index.ts";
import { type Logger, type Part, type Running, startParts, systemClock } from "../kernel/index.ts";
import { type Meter, REQUEST_SECONDS, silentMeter } from "../observe/metric/index.ts";
import type { Config } from "./config.ts";
import { readFirstPage } from "./first-page.ts";
import { openGiven } from "./given-tls.ts";
import { type IssuedTls, openIssued } from "./issued-tls.ts";
import { listenAddresses } from "./listen-addresses.ts";
import { dynosCheck } from "./role-checks.ts";
import { tellTraffic } from "./router-metrics.ts";
import type { RunningRole } from "./run-role.ts";
import { explainPort } from "./supervisor-ports.ts";

export interface Router extends RunningRole {
  readonly ports: readonly number[];
  readonly tlsPorts: readonly number[];
}

/** From when no connection is taken: requests in flight have their own limit of 30 seconds; this is for what comes after. */
const STOP_WITHIN_MS = 35_000;

/** Where a router has its routes and endpoints from, and where its lines go. */
export interface RouterSources {
  readonly logs: ReturnType<typeof makeLogClient>;
  readonly journal: RouteJournal;
  /** Begins to follow where dynos are. */
  readonly endpoints: () => Running;
  /** Where the engine lets apps sleep. */
  readonly sleeping?: SleepingApps;
  /** What else runs with it: started before its ports, stopped after them. */
  readonly parts: readonly Part[];
  /** Default: nobody counts. */
  readonly meter?: Meter;
}

/**
 * The router process: takes requests for the apps to their dynos. What it routes comes from control and is kept in
 * `state/router.json`; where dynos are comes from the host. It serves with what it has while either is away.
 */
export async function startRouter(
  config: Config,
  logger: Logger,
  meter: Meter = silentMeter,
): Promise<Router> {
  const { home } = config;
  const secret = readFileSync(home.secretFile, "utf8").trim();
  const host: LocalPeer = { socketPath: home.hostSocket, secret };
  const journal = await openRouteJournal({ file: join(home.state, "router.json"), logger });
  const { table } = journal;
  const sources: RouterSources = {
    logs: makeLogClient({ peer: host, now: systemClock, logger }),
    journal,
    endpoints: () => watchEndpoints({ source: makeEndpointSource(host), table, logger }),
    ...(config.engine === "embedded" ? { sleeping: makeSleepingAppsClient(host) } : {}),
    parts: [
      {
        name: "the local socket",
        start: () =>
          startLocalServer({
            socketPath: home.routerSocket,
            secret,
            routes: [routeTableRoutes(journal.routes)],
            logger,
          }),
      },
    ],
  };
  return await startRouterWith(config, { ...sources, meter }, logger);
}

/** The router's ports over its sources. */
export async function startRouterWith(
  config: Config,
  { logs, journal, endpoints, sleeping, parts: more, meter = silentMeter }: RouterSources,
  logger: Logger,
): Promise<Router> {
  const { home } = config;
  const { table } = journal;
  let proxy: RunningProxy | undefined;
  const given = openGiven(config, logger);
  const { domain } = config;
  const wants = (host: string) =>
    (host === domain || table.find(host) !== undefined) && given?.certificateFor(host) === undefined;
  const issued = await openIssued({ config, wants, env: process.env, logger });
  const parts: Part[] = [
    { name: "the log client", start: async () => logs.sink },
    { name: "the route table", start: async () => journal },
    ...more,
    { name: "the endpoint watch", start: async () => endpoints() },
    ...(issued ? [{ name: "the certificates", start: async () => issued }] : []),
    {
      name: "the ports",
      start: async () => {
        proxy = await startProxy({
          table,
          domain: config.domain,
          firstPage: () => readFirstPage(home),
          log: logs.sink,
          logger,
          now: systemClock,
          addresses: listenAddresses(config.listen),
          port: config.routerPort,
          ...(sleeping ? { sleeping: { apps: sleeping, reportMs: reportMsOf(config) } } : {}),
          limits: { leaveMs: config.routerLeave * 1_000 },
          tls: tlsOf(config, table, { given, issued }),
          ...(issued ? { proof: (host, token) => issued.certificates.proof(host, token) } : {}),
          timeBounds: REQUEST_SECONDS,
        });
        issued?.start();
        tellTraffic(meter, proxy);
        return proxy;
      },
    },
  ];
  const running = await startParts(parts, STOP_WITHIN_MS + config.routerLeave * LONGEST_LEAVE * 1_000);
  return {
    ports: proxy?.ports ?? [],
    tlsPorts: proxy?.tlsPorts ?? [],
    checks: [dynosCheck(table)],
    stop: running.stop,
  };
}

/** Often enough that an app which is visited all the time is never put to sleep. */
function reportMsOf({ sleepAfter }: Config): number {
  return Math.min(5_000, sleepAfter * 250);
}

/**
 * The operator's certificate for the names in it, then one that an authority issued; until there is one, and for what no authority
 * issues, our own authority's, made when a host that exists is first asked for.
 */
function tlsOf(
  config: Config,
  table: RoutingTable,
  { given, issued }: { given: GivenCertificate | undefined; issued: IssuedTls | undefined },
): ProxyOptions["tls"] {
  const { home, domain, routerTlsPort } = config;
  const authority = openCertificateAuthority({
    caFile: home.caFile,
    keyFile: join(home.keys, "ca.key"),
    now: systemClock,
  });
  const certificates = makeCertificateCache({ authority, now: systemClock });
  const own = [...new Set([domain, "localhost", "127.0.0.1", "::1"])];
  return {
    port: routerTlsPort,
    certificateFor: (host) =>
      given?.certificateFor(host) ??
      issued?.certificates.certificateFor(host) ??
      (table.find(host) ? certificates(host) : undefined),
    ownCertificate: () => authority.issue(own),
  };
}

/** What to tell an operator whose port cannot be had; undefined for other troubles. */
export function explainListenError(thrown: unknown, config: Config): string | undefined {
  const cause = thrown instanceof Error && thrown.cause instanceof ListenError ? thrown.cause : thrown;
  if (!(cause instanceof ListenError)) return undefined;
  const { code, port, address } = cause;
  const variable = port === config.routerTlsPort ? "CONIFER_ROUTER_TLS_PORT" : "CONIFER_ROUTER_PORT";
  return explainPort({ variable, port }, address, code);
}
