export type { AppRoute, Endpoint, EndpointNews } from "./route.ts";
export {
  asRouteTable,
  openRouteJournal,
  type RouteJournal,
  type RouteJournalOptions,
} from "./route-journal.ts";
export type { EndpointSource, RouteTable } from "./route-ports.ts";
export {
  gatherRoute,
  type RouteReconcilerDependencies,
  reconcileRoute,
  replaceRoutes,
} from "./route-reconciler.ts";
export { type RouteWrite, type RoutingListener, RoutingTable } from "./routing-table.ts";
export { type WatchEndpointsOptions, watchEndpoints } from "./watch-endpoints.ts";
