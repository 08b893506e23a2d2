export { type DynoBroadcast, makeDynoBroadcast } from "./dyno-broadcast.ts";
export type { ToldDyno } from "./endpoint-view.ts";
export type { AppRoute, Endpoint, EndpointNews } from "./route.ts";
export type { EndpointSource, RouteTable, SleepingApps } from "./route-ports.ts";
export { listStaleRoutes, reconcileRoute, replaceRoutes, type ToldRoute } from "./route-reconciler.ts";
