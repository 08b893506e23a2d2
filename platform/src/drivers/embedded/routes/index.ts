export { makeRouteTableClient } from "./route-table-client.ts";
export { routeTableRoutes } from "./route-table-routes.ts";
