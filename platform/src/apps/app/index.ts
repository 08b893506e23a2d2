export { type App, features } from "./app.ts";
export { type AppApiDependencies, appHandlers } from "./app-api.ts";
export {
  findApp,
  findAppForUpdate,
  findRole,
  listAllApps,
  listFeatureSettings,
  listOwnedApps,
  updateApp,
} from "./app-store.ts";
export { type AppDependencies, createApp } from "./create-app.ts";
