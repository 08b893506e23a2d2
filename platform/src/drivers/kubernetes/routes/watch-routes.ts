import type { AppRoute } from "../../../edge/route/index.ts";
import type { Logger, Running } from "../../../kernel/index.ts";
import { type ConfigMap, KIND, type KubeClient, watchObjects } from "../client/index.ts";
import { ROUTE_LABEL, type RouteEntry, readRouteObject, routeAppOf } from "./route-object.ts";

export interface WatchRoutesOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly logger: Logger;
  /** These are all the routes there are. */
  readonly replaced: (routes: readonly AppRoute[]) => void;
  /** One app's route is another now, or gone. */
  readonly changed: (appId: string, route: AppRoute | undefined) => void;
}

/** The routes as the cluster tells them. */
export interface RouteWatch extends Running {
  /** Resolves when all routes have been told once. */
  readonly ready: Promise<void>;
  /** The version of an app's route that was told last; 0 when none was. */
  versionOf(appId: string): number;
}

/**
 * Follows the routes' objects, in the order in which the cluster took them. An object that makes no sense changes
 * nothing: the route that was told before it stays.
 */
export function watchRoutes(options: WatchRoutesOptions): RouteWatch {
  const { client, namespace, logger } = options;
  const entries = new Map<string, RouteEntry>();
  const read = (object: ConfigMap): RouteEntry | undefined => {
    const entry = readRouteObject(object);
    if (!entry) logger.warn("a route's object cannot be read", { name: object.metadata.name });
    return entry;
  };
  const watch = watchObjects<ConfigMap>({
    ...{ client, logger },
    place: { kind: KIND.configMap, namespace },
    labelSelector: ROUTE_LABEL,
    listener: {
      replaced: (objects) => {
        const before = new Map(entries);
        entries.clear();
        for (const object of objects) {
          const appId = routeAppOf(object);
          const entry = appId && (read(object) ?? before.get(appId));
          if (entry) entries.set(appId, entry);
        }
        options.replaced([...entries.values()].flatMap(({ route }) => (route ? [route] : [])));
      },
      changed: (object) => {
        const entry = routeAppOf(object) && read(object);
        if (!entry) return;
        entries.set(entry.appId, entry);
        options.changed(entry.appId, entry.route);
      },
      removed: (object) => {
        const appId = routeAppOf(object);
        if (!appId || !entries.delete(appId)) return;
        options.changed(appId, undefined);
      },
    },
  });
  return {
    ready: watch.ready,
    versionOf: (appId) => entries.get(appId)?.version ?? 0,
    stop: watch.stop,
  };
}
