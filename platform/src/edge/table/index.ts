export { rememberEndpoints } from "./remember-endpoints.ts";
export { asRouteTable, openRouteJournal, type RouteJournal } from "./route-journal.ts";
export { RoutingTable } from "./routing-table.ts";
export { watchEndpoints } from "./watch-endpoints.ts";
