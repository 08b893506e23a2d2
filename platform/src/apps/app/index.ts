export { type App, features } from "./app.ts";
export { appHandlers } from "./app-api.ts";
export {
  findApp,
  findAppForUpdate,
  findRole,
  listAllApps,
  listFeatureChanges,
  listFeatureSettings,
  listOwnedApps,
  updateApp,
} from "./app-store.ts";
export { createApp } from "./create-app.ts";
