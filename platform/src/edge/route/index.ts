export type { AppRoute, Endpoint, EndpointNews } from "./route.ts";
export { asRouteTable, openRouteJournal } from "./route-journal.ts";
export type { EndpointSource, RouteTable } from "./route-ports.ts";
export {
  gatherRoute,
  type RouteReconcilerDependencies,
  reconcileRoute,
  replaceRoutes,
} from "./route-reconciler.ts";
export { RoutingTable } from "./routing-table.ts";
export { watchEndpoints } from "./watch-endpoints.ts";
