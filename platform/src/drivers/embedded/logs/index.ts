export { makeLogClient } from "./log-client.ts";
export { logRoutes } from "./log-routes.ts";
export { openLogStore } from "./log-store.ts";
export { makeStreamClient } from "./stream-client.ts";
