export type { AppRoute, Endpoint, EndpointNews } from "./route.ts";
export type { EndpointSource, RouteTable } from "./route-ports.ts";
export {
  gatherRoute,
  type RouteReconcilerDependencies,
  reconcileRoute,
  replaceRoutes,
} from "./route-reconciler.ts";
