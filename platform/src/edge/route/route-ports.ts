import type { AppRoute, Endpoint, EndpointNews } from "./route.ts";

/** The router's table, written by the control plane. A router keeps its last table and serves from it alone. */
export interface RouteTable {
  /** Makes these all the routes there are. `version` grows; an older one than the table holds is ignored. */
  replace(version: number, routes: readonly AppRoute[]): Promise<void>;
  /** Sets one app's route; returns when requests that arrive from now on see it. */
  put(version: number, route: AppRoute): Promise<void>;
  remove(version: number, appId: string): Promise<void>;
  /** Where a request that arrives from now on may be sent, as the engine told it; undefined while nobody can tell. */
  endpoints(appId: string): Promise<readonly Endpoint[] | undefined>;
}

/**
 * The apps that an engine lets sleep: those with endpoints that say so. An engine that lets none sleep does not have this
 * power. Nothing of it needs the control plane.
 */
export interface SleepingApps {
  /** These apps have had requests since the last call, or have some under way: they stay awake. Others are ignored. */
  used(appIds: readonly string[]): Promise<void>;
  /** Starts the dynos of an app that sleep; returns before they are up. Of an app that is awake nothing changes. */
  wake(appId: string): Promise<void>;
}

/** Where an engine tells which web dynos take requests. */
export interface EndpointSource {
  /** Yields until the signal aborts, or throws when the engine goes away; the caller watches again. */
  watch(signal: AbortSignal): AsyncIterable<EndpointNews>;
}
