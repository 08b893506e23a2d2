export { openFileArchiveStore } from "./file-archive-store.ts";
export { openFileSourceStore } from "./file-source-store.ts";
export { makeSourceClient, sourceRoutes } from "./source-routes.ts";
