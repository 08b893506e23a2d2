export { type ErrorEntry, type ErrorId, errorCatalog } from "./error-catalog.ts";
export type { RequestBodies } from "./generated/request-bodies.ts";
export type * from "./generated/resources.ts";
export type { RouteKey } from "./generated/route-keys.ts";
export { routes } from "./generated/routes.ts";
export type { RouteDescription, RouteOperation } from "./route-description.ts";
export type { Variant } from "./shape.ts";
