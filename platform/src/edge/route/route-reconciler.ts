import { findApp } from "../../apps/app/index.ts";
import { findCurrentRelease } from "../../delivery/release/index.ts";
import { type Db, done, type Outcome } from "../../kernel/index.ts";
import { listFormation } from "../../runtime/formation/index.ts";
import { defaultDomain } from "../domain/index.ts";
import type { AppRoute } from "./route.ts";
import type { RouteTable } from "./route-ports.ts";

export interface RouteReconcilerDependencies {
  readonly db: Db;
  readonly table: RouteTable;
  readonly domain: string;
  /** Grows with each write to the table, also over restarts. */
  readonly nextVersion: () => number;
}

/** Makes the router's table agree with what is recorded of an app. */
export async function reconcileRoute(appId: string, deps: RouteReconcilerDependencies): Promise<Outcome> {
  const version = deps.nextVersion();
  const route = await gatherRoute(appId, deps);
  if (route) await deps.table.put(version, route);
  else await deps.table.remove(version, appId);
  return done;
}

/** What the router must know of an app; undefined when the app is gone. */
export async function gatherRoute(
  appId: string,
  deps: Pick<RouteReconcilerDependencies, "db" | "domain">,
): Promise<AppRoute | undefined> {
  const app = await findApp(deps.db, appId);
  if (!app) return undefined;
  const release = await findCurrentRelease(deps.db, appId);
  const web = (await listFormation(deps.db, appId)).find(({ type }) => type === "web");
  const released = release !== undefined && release.imageDigest !== null;
  return {
    appId,
    appName: app.name,
    hosts: [defaultDomain(app.name, deps.domain)],
    maintenance: app.maintenance,
    released,
    webQuantity: web?.quantity ?? 0,
  };
}

/** Hands the router all routes at once: after it, or the control plane, was away. */
export async function replaceRoutes(
  appIds: readonly string[],
  deps: RouteReconcilerDependencies,
): Promise<void> {
  const version = deps.nextVersion();
  const routes = await Promise.all(appIds.map((appId) => gatherRoute(appId, deps)));
  await deps.table.replace(
    version,
    routes.filter((route) => route !== undefined),
  );
}
