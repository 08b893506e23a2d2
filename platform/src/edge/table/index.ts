export { asRouteTable, openRouteJournal } from "./route-journal.ts";
export { RoutingTable } from "./routing-table.ts";
export { watchEndpoints } from "./watch-endpoints.ts";
