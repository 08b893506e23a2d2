import { hostname } from "node:os";
import { createBuild, followBuild } from "../delivery/build/index.ts";
import { makeOutputStreamHandler } from "../delivery/output/index.ts";
import { makeGitHandler, makeReceivePush } from "../delivery/source/index.ts";
import { makeBuilderClient } from "../drivers/embedded/builds/index.ts";
import { makeDynoHostClient } from "../drivers/embedded/dynos/index.ts";
import { startLocalServer } from "../drivers/embedded/local/index.ts";
import { makeRouteTableClient } from "../drivers/embedded/routes/index.ts";
import { isStoreAway } from "../drivers/postgres/store/index.ts";
import { openCertificateAuthority } from "../edge/certificate/index.ts";
import { makeApiListener, type RawHandler, scopeAllows } from "../http/index.ts";
import { type Logger, type Part, type Running, startParts, systemClock } from "../kernel/index.ts";
import { makeLogStreamHandler } from "../observe/log/index.ts";
import { findOneOff, makeRendezvous } from "../runtime/one-off/index.ts";
import type { Config } from "./config.ts";
import { accountRoutes, makeAuthenticate } from "./control-accounts.ts";
import { findCalledApp, openApi } from "./control-api.ts";
import { type ControlContext, makeControlContext } from "./control-context.ts";
import { type ControlEngine, type ControlPorts, openControlEngine } from "./control-engine.ts";
import { startControlEvents } from "./control-events.ts";
import { ensureFirstAccount } from "./control-first-account.ts";
import { openStore } from "./control-store.ts";
import { type ControlWorkers, startControlWorkers } from "./control-workers.ts";
import { certificateNames, listenAddresses } from "./listen-addresses.ts";
import { explainPort } from "./supervisor-ports.ts";

const STOP_WITHIN_MS = 8_000;

/** The control process: API, git, and the workers that make the world agree with the record. */
export async function startControl(config: Config, logger: Logger): Promise<Running> {
  if (!config.databaseUrl) throw new Error("DATABASE_URL is not set. `npm start` sets it for this process.");
  const database = await openStore(config.databaseUrl, logger);
  const context = makeControlContext(config, database, logger);
  const stopping = new AbortController();
  let workers: ControlWorkers | undefined;
  const engine = await openControlEngine(context, embeddedPorts(context), (appId) =>
    workers?.dynosChanged(appId),
  );
  const parts: Part[] = [
    { name: "the database", start: async () => ({ stop: () => database.close() }) },
    { name: "the log client", start: async () => context.logs.sink },
    {
      name: "the first account",
      start: async () => ensureFirstAccount(context.db, config).then(() => nothingToStop),
    },
    { name: "the dyno watch", start: async () => engine.watch },
    {
      name: "the workers",
      start: async () => {
        workers = startControlWorkers(context, engine);
        return workers;
      },
    },
    { name: "the events", start: () => startControlEvents(context, engine, () => workers) },
    { name: "the local socket", start: () => startLocal(context) },
    { name: "the API", start: () => serveApi(context, engine, stopping.signal) },
  ];
  const running = await startParts(parts, STOP_WITHIN_MS).catch(async (thrown) => {
    stopping.abort();
    await engine.git.stop();
    throw thrown;
  });
  return {
    stop: async () => {
      stopping.abort();
      await engine.git.stop();
      await running.stop();
    },
  };
}

/** The host and the router, each in its own process on this machine. */
function embeddedPorts({ hostPeer, routerPeer }: ControlContext): ControlPorts {
  return {
    host: makeDynoHostClient(hostPeer),
    builder: makeBuilderClient(hostPeer),
    routes: makeRouteTableClient(routerPeer),
  };
}

const nothingToStop: Running = { stop: async () => {} };

function startLocal(context: ControlContext): Promise<Running> {
  return startLocalServer({
    socketPath: context.config.home.controlSocket,
    secret: context.secret,
    routes: [accountRoutes(context)],
    logger: context.logger,
  });
}

async function serveApi(
  context: ControlContext,
  engine: ControlEngine,
  signal: AbortSignal,
): Promise<Running> {
  const { config, logger } = context;
  const { home } = config;
  const authority = openCertificateAuthority({
    caFile: home.caFile,
    keyFile: `${home.keys}/ca.key`,
    now: systemClock,
  });
  const listener = makeApiListener({
    port: config.apiPort,
    addresses: listenAddresses(config.listen),
    tls: () => authority.issue(certificateNames(config.listen, hostname())),
    rendezvous: makeRendezvous({
      host: engine.host,
      key: context.urlKey,
      clock: context.clock,
      logger,
      logs: context.logs.sink,
      findDyno: (id) => findOneOff(context.db, id),
    }),
    logger,
  });
  const api = await openApi(context, engine, listener, rawHandlers(context, engine, signal));
  await listener.listen().catch((thrown) => {
    throw portTrouble(thrown, config.apiPort);
  });
  return {
    stop: async () => {
      await listener.stop();
      await api.close();
    },
  };
}

/** The same failure in words that name the variable to change. */
function portTrouble(thrown: NodeJS.ErrnoException & { address?: string }, port: number): Error {
  if (!thrown.address || !thrown.code) return thrown;
  const wanted = { variable: "CONIFER_PORT", port };
  return new Error(explainPort(wanted, thrown.address, thrown.code), { cause: thrown });
}

/** What shares the port with the API and is told apart by path. */
function rawHandlers(
  context: ControlContext,
  engine: ControlEngine,
  signal: AbortSignal,
): readonly RawHandler[] {
  const { clock, logger, urlKey: key, outputs } = context;
  const authenticate = makeAuthenticate(context);
  const receivePush = makeReceivePush({
    repositories: engine.repositories,
    sources: engine.sources,
    logger,
    createBuild: async ({ appId, principal, source, commit, commitMessage, ref }) => {
      const wanted = {
        appId,
        actor: { id: principal.accountId, email: principal.email },
        sourceDigest: source,
        sourceVersion: commit,
        sourceDescription: commitMessage,
        gitRef: ref,
      };
      return (await createBuild(wanted, context)).id;
    },
    followBuild: (buildId, following) => followBuild(buildId, context, following),
  });
  const git = makeGitHandler({
    authenticate: (user, secret) => authenticate({ user, secret }),
    resolveApp: async (name, principal, need) => {
      const app = await findCalledApp(context, name, principal);
      if (!app || app.role === "none") return "not_found";
      return scopeAllows(principal.scope, need === "deploy" ? "write" : "read") ? app : "forbidden";
    },
    isStoreAway,
    transport: engine.git,
    receivePush,
    logger,
  });
  const logs = makeLogStreamHandler({ reader: context.logs.reader, clock, key, logger, signal });
  const output = makeOutputStreamHandler({ outputs, clock, key, logger, signal });
  return [git, logs, output, engine.uploads.handle];
}
