import type { Builder } from "../delivery/build/index.ts";
import type { SourceStore } from "../delivery/source/index.ts";
import { makeRepositoryClient } from "../drivers/embedded/git/index.ts";
import { makeCollectionClient, makeImageClient } from "../drivers/embedded/images/index.ts";
import { makeLogClient, makeStreamClient } from "../drivers/embedded/logs/index.ts";
import { makeOutputClient } from "../drivers/embedded/outputs/index.ts";
import { makeSourceClient } from "../drivers/embedded/sources/index.ts";
import type { KubeClient } from "../drivers/kubernetes/client/index.ts";
import type { KubernetesDynoHost } from "../drivers/kubernetes/dynos/index.ts";
import { keepLease } from "../drivers/kubernetes/leases/index.ts";
import { openKubernetesRouteTable } from "../drivers/kubernetes/routes/index.ts";
import { type Logger, type Part, type Running, startParts, systemClock } from "../kernel/index.ts";
import { type Meter, silentMeter } from "../observe/metric/index.ts";
import { silentTracer, type Tracer } from "../observe/trace/index.ts";
import { openClusterArtifacts } from "./cluster-artifacts.ts";
import { startClusterBuilds } from "./cluster-builds.ts";
import { keepSpaceSecret } from "./cluster-dynos.ts";
import { openOwnCluster, startClusterHost } from "./cluster-host.ts";
import { clusterPeer, systemNamespace } from "./cluster-peers.ts";
import { viewRouters } from "./cluster-routers.ts";
import type { Config } from "./config.ts";
import { makeAttest, makeAttestRebase } from "./control-attestation.ts";
import { type ControlContext, makeControlContext } from "./control-context.ts";
import { openDynoSide, type WorkerEngine } from "./control-engine.ts";
import { startControlEvents } from "./control-events.ts";
import { countConnections } from "./control-metrics.ts";
import { requireStore } from "./control-store.ts";
import { type ControlWorkers, startControlWorkers } from "./control-workers.ts";
import { databaseCheck } from "./role-checks.ts";
import type { RunningRole } from "./run-role.ts";

const STOP_WITHIN_MS = 15_000;
/** The one worker that tells what becomes of dynos. */
const TELLER_LEASE = "conifer-teller";
/** The one that sees to it that a lost node's dynos start elsewhere; soon another does, should it be lost with the node. */
const NODES_LEASE = "conifer-nodes";
const NODES_LEASE_SECONDS = 6;

/** The worker role: several run at once, share the work by claims, and keep nothing. */
export async function startWorker(
  config: Config,
  logger: Logger,
  meter: Meter = silentMeter,
  tracer: Tracer = silentTracer,
): Promise<RunningRole> {
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
  let workers: ControlWorkers | undefined;
  const sources = makeSourceClient(files);
  // Each begins with a list of all there is, and none waits for another.
  const [host, table, builds] = await Promise.all([
    startHost(context, client),
    openTable(context, client),
    startBuilds(context, client, sources.sources),
  ]);
  const dynos = openDynoSide(context, host.dynos, (...news) => workers?.dynosChanged(...news));
  const images = makeImageClient(clusterPeer("registry", config, tracer));
  const registry = openClusterArtifacts(registryUrl(config), context.masterKey);
  const engine: WorkerEngine = {
    ...dynos,
    builder: builds.builder,
    routes: table.routes,
    collection: makeCollectionClient(clusterPeer("registry", config, tracer)),
    repositories: makeRepositoryClient(files),
    sources: sources.sources,
    fetchSource: sources.fetchSource,
    cutSource: sources.cutSource,
    attest: makeAttest(context, { images, sources: sources.sources, artifacts: registry.artifacts }),
    rebases: {
      ...{ images, rebased: registry.rebased },
      attest: makeAttestRebase(context, { images, artifacts: registry.artifacts }),
    },
  };
  const parts: Part[] = [
    { name: "the database", start: async () => ({ stop: () => database.close() }) },
    { name: "the log client", start: async () => context.logs.sink },
    { name: "the cluster", start: async () => ({ stop: () => client.close() }) },
    { name: "the registry's credentials", start: () => keepSpaceSecret({ ...context, client }) },
    { name: "the dynos", start: async () => host },
    { name: "the routes", start: async () => table },
    { name: "the builds", start: async () => builds },
    { name: "the dyno watch", start: async () => engine.watch },
    {
      name: "the workers",
      start: async () => {
        workers = startControlWorkers(context, engine);
        return workers;
      },
    },
    { name: "the events", start: () => startControlEvents(context, engine, () => workers) },
    { name: "the nodes", start: async () => keepNodes(context, client, host) },
    { name: "the teller", start: async () => keepTeller(context, client, host) },
  ];
  const running = await startParts(parts, STOP_WITHIN_MS);
  return { ...running, checks: [databaseCheck(database)] };
}

/** Until both images are in the registry no build can succeed, and each says what to do. */
async function startBuilds(
  { config, logger, masterKey }: ControlContext,
  client: KubeClient,
  sources: Pick<SourceStore, "read">,
): Promise<Running & { readonly builder: Builder }> {
  if (!config.builderImage || !config.runImage) return { builder: noBuilder, stop: async () => {} };
  return await startClusterBuilds({
    ...{ config, client, sources, masterKey, logger, hostEnv: process.env },
    registryUrl: registryUrl(config),
    systemNamespace: systemNamespace(config),
  });
}

function registryUrl(config: Config): string {
  return `http://conifer-registry.${systemNamespace(config)}.svc:${config.registryPort}`;
}

const noBuilder: Builder = {
  async *build() {
    const message =
      "This installation has no images to build with yet. Its operator adds them: conifer images.";
    yield { kind: "result", result: { kind: "failed", message, exitCode: 1 } };
  },
  cancel: async () => {},
  clearCache: async () => {},
};

function openTable({ config, logger }: ControlContext, client: KubeClient) {
  const { namespace } = config;
  const routers = viewRouters(config, logger);
  return openKubernetesRouteTable({ client, namespace, routers, logger, now: Date.now });
}

/** What agents on the nodes read of a dyno is in its log before its end is told of. */
function startHost(
  { config, logger, logs }: ControlContext,
  client: KubeClient,
): Promise<KubernetesDynoHost> {
  const told = config.logAgent ? { outputTold: makeStreamClient(clusterPeer("logs", config)).ended } : {};
  return startClusterHost({ client, config, logger, duty: "keep", logs: logs.sink, ...told });
}

function keepTeller(
  { config, logger }: ControlContext,
  client: KubeClient,
  host: Pick<KubernetesDynoHost, "tell">,
): Running {
  return keepLease({
    ...{ client, logger, now: systemClock },
    namespace: systemNamespace(config),
    name: TELLER_LEASE,
    holder: config.podName,
    work: async () => host.tell(),
  });
}

function keepNodes(
  { config, logger }: ControlContext,
  client: KubeClient,
  host: Pick<KubernetesDynoHost, "replaceLost">,
): Running {
  return keepLease({
    ...{ client, logger, now: systemClock },
    namespace: systemNamespace(config),
    name: NODES_LEASE,
    holder: config.podName,
    durationSeconds: NODES_LEASE_SECONDS,
    work: async () => host.replaceLost(),
  });
}
