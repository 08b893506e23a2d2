import { type App, findApp, listAllApps } from "../../apps/app/index.ts";
import { findCurrentRelease, listAppsWithCode } from "../../delivery/release/index.ts";
import { type Db, done, type Outcome } from "../../kernel/index.ts";
import { listFormation, listWebQuantities } from "../../runtime/formation/index.ts";
import { defaultDomain } from "../domain/index.ts";
import type { AppRoute } from "./route.ts";
import type { RouteTable } from "./route-ports.ts";

export interface RouteReconcilerDependencies {
  readonly db: Db;
  readonly table: RouteTable;
  readonly domain: string;
  /** Grows with each write to the table, also over restarts. */
  readonly nextVersion: () => number;
  /** What the table was last told of each app. Empty when a process starts. */
  readonly told: Map<string, ToldRoute>;
}

/** `route` is undefined once the app is gone. */
export interface ToldRoute {
  readonly version: number;
  readonly route: AppRoute | undefined;
}

/** Makes the router's table agree with what is recorded of an app. The version is taken first: a later reader's is higher. */
export async function reconcileRoute(appId: string, deps: RouteReconcilerDependencies): Promise<Outcome> {
  const version = deps.nextVersion();
  const route = await gatherRoute(appId, deps);
  if (isTold(appId, route, deps)) return done;
  if (route) await deps.table.put(version, route);
  else await deps.table.remove(version, appId);
  remember(appId, { version, route }, deps);
  return done;
}

/** Hands the router all routes at once: after it, or the control plane, was away. */
export async function replaceRoutes(deps: RouteReconcilerDependencies): Promise<void> {
  const version = deps.nextVersion();
  const routes = await gatherRoutes(deps);
  await deps.table.replace(version, [...routes.values()]);
  for (const [appId, route] of routes) remember(appId, { version, route }, deps);
}

/** Apps whose record is not what the table was told last: the level that hints are about. */
export async function listStaleRoutes(deps: RouteReconcilerDependencies): Promise<readonly string[]> {
  const routes = await gatherRoutes(deps);
  const appIds = new Set([...routes.keys(), ...deps.told.keys()]);
  return [...appIds].filter((appId) => !isTold(appId, routes.get(appId), deps));
}

function isTold(
  appId: string,
  route: AppRoute | undefined,
  { told }: Pick<RouteReconcilerDependencies, "told">,
): boolean {
  const last = told.get(appId);
  return last !== undefined && JSON.stringify(last.route) === JSON.stringify(route);
}

/** Of two writers the one whose version the table keeps is remembered. */
function remember(appId: string, last: ToldRoute, { told }: Pick<RouteReconcilerDependencies, "told">): void {
  if ((told.get(appId)?.version ?? 0) > last.version) return;
  if (last.route) told.set(appId, last);
  else told.delete(appId);
}

type Reading = Pick<RouteReconcilerDependencies, "db" | "domain">;

/** What the router must know of an app; undefined when the app is gone. */
export async function gatherRoute(appId: string, { db, domain }: Reading): Promise<AppRoute | undefined> {
  const app = await findApp(db, appId);
  if (!app) return undefined;
  const release = await findCurrentRelease(db, appId);
  const web = (await listFormation(db, appId)).find(({ type }) => type === "web");
  const released = release !== undefined && release.imageDigest !== null;
  return makeRoute(app, { released, webQuantity: web?.quantity ?? 0 }, domain);
}

async function gatherRoutes({ db, domain }: Reading): Promise<ReadonlyMap<string, AppRoute>> {
  const withCode = await listAppsWithCode(db);
  const quantities = await listWebQuantities(db);
  const routes = (await listAllApps(db)).map((app) => {
    const webQuantity = quantities.get(app.id) ?? 0;
    return [app.id, makeRoute(app, { released: withCode.has(app.id), webQuantity }, domain)] as const;
  });
  return new Map(routes);
}

function makeRoute(app: App, running: Pick<AppRoute, "released" | "webQuantity">, domain: string): AppRoute {
  return {
    appId: app.id,
    appName: app.name,
    hosts: [defaultDomain(app.name, domain)],
    maintenance: app.maintenance,
    ...running,
  };
}
