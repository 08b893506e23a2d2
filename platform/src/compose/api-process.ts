import { openRegistryRunImages } from "../drivers/cnb/builds/index.ts";
import { makeImageClient, makePushedClient } from "../drivers/embedded/images/index.ts";
import { passOn } from "../drivers/embedded/local/index.ts";
import { makeLogClient } from "../drivers/embedded/logs/index.ts";
import { makeOutputClient } from "../drivers/embedded/outputs/index.ts";
import { makeSourceClient } from "../drivers/embedded/sources/index.ts";
import { startJobs } from "../drivers/postgres/jobs/index.ts";
import { type Logger, type Running, startParts, systemClock } from "../kernel/index.ts";
import { type Meter, silentMeter } from "../observe/metric/index.ts";
import { silentTracer, type Tracer } from "../observe/trace/index.ts";
import { appRegistry } from "./app-registry.ts";
import { forwardToFiles } from "./cluster-files.ts";
import { openOwnCluster, startClusterHost } from "./cluster-host.ts";
import { writeClusterPage } from "./cluster-page.ts";
import { clusterPeer, startRoleServer } from "./cluster-peers.ts";
import type { Config } from "./config.ts";
import { makeControlContext } from "./control-context.ts";
import { type ApiEngine, openDynoSide } from "./control-engine.ts";
import { ensureFirstAccount } from "./control-first-account.ts";
import { CLEAR_BUILD_CACHE } from "./control-jobs.ts";
import { serveApi } from "./control-listen.ts";
import { countConnections } from "./control-metrics.ts";
import { requireStore } from "./control-store.ts";
import { probesOf } from "./instance-probes.ts";
import { operatorRoutes } from "./operator-routes.ts";
import { databaseCheck } from "./role-checks.ts";
import { makeReadiness } from "./role-readiness.ts";
import type { RunningRole } from "./run-role.ts";
import { traceRaw } from "./trace-work.ts";

const STOP_WITHIN_MS = 10_000;

/** The API role: several run at once, and none keeps anything. */
export async function startApi(
  config: Config,
  logger: Logger,
  meter: Meter = silentMeter,
  tracer: Tracer = silentTracer,
): Promise<RunningRole> {
  writeClusterPage(config);
  const database = await requireStore(config, logger);
  const files = clusterPeer("files", config, tracer);
  const context = makeControlContext(config, database, logger, {
    logs: makeLogClient({ peer: clusterPeer("logs", config), now: systemClock, logger }),
    // A call for each piece of a log or an output would be a trace of nothing else.
    outputs: makeOutputClient(clusterPeer("files", config)),
    holder: config.podName,
    meter,
    tracer,
  });
  countConnections(meter, database);
  const client = await openOwnCluster(config);
  const host = await startClusterHost({ client, config, logger, duty: "view", logs: context.logs.sink });
  const jobs = await startJobs({ database, kinds: [], logger });
  const registry = clusterPeer("registry", config, tracer);
  const content = makeImageClient(registry);
  const runImages = openRegistryRunImages({
    images: content,
    runImage: config.runImage,
    otherRunImage: config.otherRunImage,
  });
  const engine: ApiEngine = {
    ...openDynoSide(context, host.dynos, () => {}),
    builder: {
      // Workers hear of it from the record.
      cancel: async () => {},
      clearCache: (appId) => jobs.send(CLEAR_BUILD_CACHE, { appId }, appId),
    },
    images: content,
    pushed: makePushedClient(registry),
    uploads: makeSourceClient(files).uploads,
  };
  const stopping = new AbortController();
  const images = appRegistry(context, (request, response) => passOn(registry, request, response));
  const checks = [databaseCheck(database)];
  const readiness = makeReadiness();
  readiness.enter(checks);
  const toFiles = traceRaw(tracer, forwardToFiles(files, logger));
  const raw = [probesOf({ api: readiness.ask }, config.metricsToken), toFiles, images];
  const running = await startParts(
    [
      { name: "the database", start: async () => ({ stop: () => database.close() }) },
      { name: "the log client", start: async () => context.logs.sink },
      { name: "the cluster", start: async () => ({ stop: () => client.close() }) },
      { name: "the dynos", start: async () => host },
      { name: "the jobs", start: async () => jobs },
      { name: "the dyno watch", start: async () => engine.watch },
      { name: "the first account", start: () => firstAccount(context.db, config) },
      // For the operator, by way of the cluster's API: no other role may call it.
      {
        name: "the server",
        start: () => startRoleServer({ config, routes: operatorRoutes(context, runImages), logger }),
      },
      { name: "the API", start: () => serveApi(context, engine, raw, stopping.signal) },
    ],
    STOP_WITHIN_MS,
  );
  return {
    checks,
    stop: async () => {
      stopping.abort();
      readiness.leave();
      await running.stop();
    },
  };
}

async function firstAccount(...given: Parameters<typeof ensureFirstAccount>): Promise<Running> {
  await ensureFirstAccount(...given);
  return { stop: async () => {} };
}
