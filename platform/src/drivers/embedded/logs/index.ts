export { type LogClient, type LogClientOptions, makeLogClient } from "./log-client.ts";
export { logRoutes } from "./log-routes.ts";
export { type LogStore, type LogStoreLimits, type LogStoreOptions, openLogStore } from "./log-store.ts";
