import type { AppRoute } from "../../../edge/route/index.ts";
import { type ConfigMap, KIND } from "../client/index.ts";

/** What is recorded of an app's route. Without a route the app is gone; its version keeps older writes away. */
export interface RouteEntry {
  readonly appId: string;
  /** Of the write that made it so; grows with each write of the app. */
  readonly version: number;
  readonly route: AppRoute | undefined;
}

/** On every route's object, with the app's id; nothing else carries it. */
export const ROUTE_LABEL = "conifer.dev/route";
const FIELD = "route";

export function routeObjectName(appId: string): string {
  return `route-${appId}`;
}

/** An app's route as an object: a write of it is what every router hears of. */
export function makeRouteObject(
  { appId, version, route }: RouteEntry,
  place: { readonly namespace: string; readonly resourceVersion?: string | undefined },
): ConfigMap {
  return {
    apiVersion: KIND.configMap.apiVersion,
    kind: KIND.configMap.kind,
    metadata: {
      name: routeObjectName(appId),
      namespace: place.namespace,
      labels: { "app.kubernetes.io/managed-by": "conifer", [ROUTE_LABEL]: appId },
      ...(place.resourceVersion ? { resourceVersion: place.resourceVersion } : {}),
    },
    data: { [FIELD]: JSON.stringify({ version, route: route ?? null }) },
  };
}

/** The app whose route an object is; undefined for a copy under another name, which says nothing. */
export function routeAppOf({ metadata }: Pick<ConfigMap, "metadata">): string | undefined {
  const appId = metadata.labels?.[ROUTE_LABEL];
  return appId && metadata.name === routeObjectName(appId) ? appId : undefined;
}

/** What an object records; undefined when it was edited into something else. */
export function readRouteObject(object: Pick<ConfigMap, "metadata" | "data">): RouteEntry | undefined {
  const appId = routeAppOf(object);
  try {
    const { version, route } = JSON.parse(object.data?.[FIELD] ?? "") as {
      readonly version?: unknown;
      readonly route?: AppRoute | null;
    };
    if (!appId || typeof version !== "number" || route === undefined) return undefined;
    if (route !== null && !isRouteOf(appId, route)) return undefined;
    return { appId, version, route: route ?? undefined };
  } catch {
    return undefined;
  }
}

function isRouteOf(appId: string, route: AppRoute): boolean {
  return (
    route.appId === appId &&
    typeof route.appName === "string" &&
    Array.isArray(route.hosts) &&
    route.hosts.every((host) => typeof host === "string") &&
    typeof route.maintenance === "boolean" &&
    typeof route.released === "boolean" &&
    typeof route.webQuantity === "number"
  );
}

export function sameRoute(a: AppRoute | undefined, b: AppRoute | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
