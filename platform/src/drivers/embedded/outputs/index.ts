export { makeOutputClient } from "./output-client.ts";
export { makeOutputFiles } from "./output-files.ts";
export { outputRoutes } from "./output-routes.ts";
