export { openKubernetesRouteTable, type RouterView } from "./kubernetes-route-table.ts";
export { type RouteWatch, watchRoutes } from "./watch-routes.ts";
