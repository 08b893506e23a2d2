export { makeDiskRoom } from "./disk-watch.ts";
export { makeDynoHostClient } from "./dyno-host-client.ts";
export { dynoHostRoutes } from "./dyno-routes.ts";
export { startEmbeddedDynoHost } from "./embedded-dyno-host.ts";
export { endpointRoutes, makeEndpointSource } from "./endpoint-routes.ts";
export { journalKeyVersions } from "./host-journal.ts";
export { highestSafePort, makePortPool, portsInUse } from "./port-pool.ts";
export { makeSleepingAppsClient, sleepRoutes } from "./sleep-routes.ts";
