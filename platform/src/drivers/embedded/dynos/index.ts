export { makeDynoHostClient } from "./dyno-host-client.ts";
export type { DynoImage } from "./dyno-program.ts";
export { dynoHostRoutes } from "./dyno-routes.ts";
export {
  type EmbeddedDynoHost,
  type EmbeddedDynoHostOptions,
  startEmbeddedDynoHost,
} from "./embedded-dyno-host.ts";
export { endpointRoutes, makeEndpointSource } from "./endpoint-routes.ts";
export { highestSafePort, makePortPool, type PortPool, portsInUse } from "./port-pool.ts";
