export { type LogClient, makeLogClient } from "./log-client.ts";
export { logRoutes } from "./log-routes.ts";
export {
  DEFAULT_LOG_LIMITS,
  type LogStore,
  type LogStoreLimits,
  type LogStoreOptions,
  openLogStore,
} from "./log-store.ts";
