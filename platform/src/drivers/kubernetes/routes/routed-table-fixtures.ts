import type { RouteTableSubject } from "../../../edge/route/route-table-suite.ts";
import { RoutingTable } from "../../../edge/table/index.ts";
import { pause, silentLogger } from "../../../kernel/index.ts";
import { type ConfigMap, KIND, type KubeClient } from "../client/index.ts";
import { openKubernetesRouteTable } from "./kubernetes-route-table.ts";
import { ROUTE_LABEL, readRouteObject } from "./route-object.ts";
import { watchRoutes } from "./watch-routes.ts";

const LOOK_MS = 2;
const PAGE = 500;

/** A worker's table and the one router that follows it, by way of a cluster. A whole table is waited for as a put is. */
export async function openRoutedTable(
  client: KubeClient,
  namespace: string,
): Promise<Omit<RouteTableSubject, "close"> & { stop(): Promise<void> }> {
  const table = new RoutingTable();
  let last = 0;
  const next = () => {
    last += 1;
    return last;
  };
  const watch = watchRoutes({
    ...{ client, namespace, logger: silentLogger },
    replaced: (routes) => table.write({ kind: "replace", version: next(), routes }),
    changed: (appId, route) =>
      table.write(
        route ? { kind: "put", version: next(), route } : { kind: "remove", version: next(), appId },
      ),
  });
  const reached = async (appId: string, version: number) => {
    while (watch.versionOf(appId) < version) await pause(LOOK_MS);
  };
  const opened = await openKubernetesRouteTable({
    ...{ client, namespace, logger: silentLogger, now: Date.now },
    routers: { reached, endpoints: async (appId) => table.endpoints(appId) },
  });
  await watch.ready;
  return {
    find: (host) => table.find(host),
    news: (news) => table.news(news),
    routes: {
      ...opened.routes,
      replace: async (version, routes) => {
        await opened.routes.replace(version, routes);
        for (const { appId, version: recorded } of await recordedIn(client, namespace))
          await reached(appId, recorded);
      },
    },
    stop: async () => {
      await opened.stop();
      await watch.stop();
    },
  };
}

async function recordedIn(client: KubeClient, namespace: string) {
  const entries = [];
  for (let from: string | undefined = ""; from !== undefined; ) {
    const query = { labelSelector: ROUTE_LABEL, limit: PAGE, ...(from ? { continue: from } : {}) };
    const place = { kind: KIND.configMap, namespace };
    const page: Awaited<ReturnType<typeof client.list<ConfigMap>>> = await client.list<ConfigMap>(
      place,
      query,
    );
    entries.push(...page.items.flatMap((item) => readRouteObject(item) ?? []));
    from = page.continue;
  }
  return entries;
}
