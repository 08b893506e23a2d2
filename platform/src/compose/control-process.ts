import type { ImageStore } from "../delivery/image/index.ts";
import { makeBuilderClient, openMachineRunImages } from "../drivers/embedded/builds/index.ts";
import { makeDynoHostClient } from "../drivers/embedded/dynos/index.ts";
import { makeCollectionClient } from "../drivers/embedded/images/index.ts";
import { startLocalServer } from "../drivers/embedded/local/index.ts";
import { makeRouteTableClient } from "../drivers/embedded/routes/index.ts";
import { type Logger, type Part, type Running, startParts } from "../kernel/index.ts";
import { type Meter, silentMeter } from "../observe/metric/index.ts";
import { silentTracer, type Tracer } from "../observe/trace/index.ts";
import { openAppRegistry } from "./app-registry.ts";
import type { Config } from "./config.ts";
import { type ControlContext, localSurroundings, makeControlContext, readSecret } from "./control-context.ts";
import { type ControlPorts, openControlEngine } from "./control-engine.ts";
import { startControlEvents } from "./control-events.ts";
import { ensureFirstAccount } from "./control-first-account.ts";
import { serveApi } from "./control-listen.ts";
import { countConnections } from "./control-metrics.ts";
import { fileHandlers } from "./control-raw.ts";
import { requireStore } from "./control-store.ts";
import { type ControlWorkers, startControlWorkers } from "./control-workers.ts";
import { readHostRelease } from "./host-release.ts";
import { machineProbes } from "./instance-probes.ts";
import { operatorRoutes } from "./operator-routes.ts";
import { readRegistryAccess } from "./registry-access-settings.ts";
import { databaseCheck, diskCheck } from "./role-checks.ts";
import type { RunningRole } from "./run-role.ts";

const STOP_WITHIN_MS = 8_000;

/** The control process: API, git, and the workers that make the world agree with the record. */
export async function startControl(
  config: Config,
  logger: Logger,
  meter: Meter = silentMeter,
  tracer: Tracer = silentTracer,
): Promise<RunningRole> {
  const database = await requireStore(config, logger);
  const context = makeControlContext(config, database, logger, {
    ...localSurroundings(config, logger),
    meter,
    tracer,
  });
  countConnections(meter, database);
  const stopping = new AbortController();
  let workers: ControlWorkers | undefined;
  const engine = await openControlEngine(context, embeddedPorts(config, tracer), (...news) =>
    workers?.dynosChanged(...news),
  );
  const registry = await openAppRegistry(context);
  const raw = [machineProbes(config), ...fileHandlers(context, engine, stopping.signal), registry.handle];
  const parts: Part[] = [
    { name: "the database", start: async () => ({ stop: () => database.close() }) },
    { name: "the log client", start: async () => context.logs.sink },
    { name: "the uploads of images", start: async () => registry },
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
    { name: "the local socket", start: () => startLocal(context, engine.images) },
    { name: "the API", start: () => serveApi(context, engine, raw, stopping.signal) },
  ];
  const running = await startParts(parts, STOP_WITHIN_MS).catch(async (thrown) => {
    stopping.abort();
    await engine.git.stop();
    throw thrown;
  });
  return {
    checks: [databaseCheck(database), diskCheck(config.home.root)],
    stop: async () => {
      stopping.abort();
      await engine.git.stop();
      await running.stop();
    },
  };
}

/** The host and the router, each in its own process on this machine. */
function embeddedPorts({ home }: Config, { traceparent }: Tracer): ControlPorts {
  const secret = readSecret(home);
  const hostPeer = { socketPath: home.hostSocket, secret, traceparent };
  return {
    host: makeDynoHostClient(hostPeer),
    builder: makeBuilderClient(hostPeer),
    routes: makeRouteTableClient({ socketPath: home.routerSocket, secret, traceparent }),
    collection: makeCollectionClient(hostPeer),
  };
}

const nothingToStop: Running = { stop: async () => {} };

async function startLocal(context: ControlContext, store: ImageStore): Promise<Running> {
  const { home, runImage, otherRunImage } = context.config;
  const runImages = openMachineRunImages({
    ...{ store, runImage, otherRunImage, shelf: home.builders, architecture: readHostRelease().architecture },
    ...(await readRegistryAccess(context.config, process.env)),
  });
  return await startLocalServer({
    socketPath: home.controlSocket,
    secret: readSecret(home),
    routes: operatorRoutes(context, runImages),
    logger: context.logger,
  });
}
