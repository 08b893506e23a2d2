import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LocalRoutes } from "../drivers/embedded/local/index.ts";
import { makeLogClient } from "../drivers/embedded/logs/index.ts";
import type { KubeClient } from "../drivers/kubernetes/client/index.ts";
import { type RouteWatch, watchRoutes } from "../drivers/kubernetes/routes/index.ts";
import type { EndpointSource } from "../edge/route/index.ts";
import {
  openRouteJournal,
  type RouteJournal,
  rememberEndpoints,
  watchEndpoints,
} from "../edge/table/index.ts";
import {
  aborted,
  errorText,
  type Logger,
  type Part,
  pause,
  type Running,
  systemClock,
} from "../kernel/index.ts";
import { type Meter, silentMeter } from "../observe/metric/index.ts";
import { openOwnCluster, startClusterHost } from "./cluster-host.ts";
import { writeClusterPage } from "./cluster-page.ts";
import { clusterPeer, startRoleServer } from "./cluster-peers.ts";
import type { Config } from "./config.ts";
import { type RouterSources, startRouterWith } from "./router-process.ts";

/**
 * The router role: routes and endpoints come from watches of the cluster, and the last ones are kept in its home, so that
 * it serves, and starts, while the cluster's API and every other role are away.
 */
export async function startClusterRouter(
  config: Config,
  logger: Logger,
  meter: Meter = silentMeter,
  port?: number,
) {
  const { home } = config;
  mkdirSync(home.state, { recursive: true, mode: 0o700 });
  writeClusterPage(config);
  const logs = makeLogClient({ peer: clusterPeer("logs", config), now: systemClock, logger });
  const journal = await openRouteJournal({ file: join(home.state, "router.json"), logger });
  const client = await openOwnCluster(config);
  const watching = watchTable(client, journal, { config, logger });
  const host = startHostWhenItCan({ client, config, logger });
  const source = rememberEndpoints({ source: host, file: join(home.state, "endpoints.json"), logger });
  const parts: Part[] = [
    { name: "the cluster", start: async () => ({ stop: () => client.close() }) },
    { name: "the dynos", start: async () => host },
    { name: "the kept endpoints", start: async () => source },
    { name: "the routes", start: async () => watching },
    {
      name: "the server",
      start: () => startRoleServer({ config, logger, port, routes: [routerRoutes(journal, watching)] }),
    },
  ];
  const sources: RouterSources = {
    logs,
    journal,
    parts,
    meter,
    endpoints: () => watchEndpoints({ source, table: journal.table, logger }),
  };
  return await startRouterWith(config, sources, logger);
}

/** What the cluster tells comes in the order in which it was written, and is numbered anew. */
function watchTable(
  client: KubeClient,
  { routes }: RouteJournal,
  { config, logger }: { readonly config: Config; readonly logger: Logger },
): RouteWatch {
  let last = 0;
  const next = () => {
    last = Math.max(last + 1, Date.now() * 1_000);
    return last;
  };
  const kept = (writing: Promise<void>) => {
    writing.catch((thrown) => logger.error("a route is not kept on disk", { error: errorText(thrown) }));
  };
  return watchRoutes({
    ...{ client, logger },
    namespace: config.namespace,
    replaced: (all) => kept(routes.replace(next(), all)),
    changed: (appId, route) => kept(route ? routes.put(next(), route) : routes.remove(next(), appId)),
  });
}

/** For workers: what this router knows. */
function routerRoutes({ table }: RouteJournal, watch: RouteWatch): LocalRoutes {
  return {
    handlers: {
      "GET /endpoints/:appId": async (call) => ({
        endpoints: table.endpoints(call.params.appId ?? "") ?? null,
      }),
      "GET /routes/:appId/version": async (call) => ({ version: watch.versionOf(call.params.appId ?? "") }),
    },
  };
}

const RETRY_MS = 1_000;

/** Where dynos are, as soon as the cluster's API can be asked. */
function startHostWhenItCan(parts: {
  readonly client: KubeClient;
  readonly config: Config;
  readonly logger: Logger;
}): EndpointSource & Running {
  const stopping = new AbortController();
  const starting = (async () => {
    while (!stopping.signal.aborted) {
      try {
        return await startClusterHost({ ...parts, duty: "route" });
      } catch (thrown) {
        parts.logger.warn("dynos are not known yet", { error: errorText(thrown) });
        await pause(RETRY_MS, stopping.signal);
      }
    }
    return undefined;
  })();
  return {
    async *watch(signal) {
      const host = await Promise.race([starting, aborted(AbortSignal.any([signal, stopping.signal]))]);
      if (host) yield* host.endpoints.watch(signal);
    },
    stop: async () => {
      stopping.abort();
      // One that still waits for its first list ends with the process.
      const host = await Promise.race([starting, pause(RETRY_MS).then(() => undefined)]);
      await host?.stop();
    },
  };
}
