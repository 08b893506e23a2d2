export { makeBuilderClient } from "./builder-client.ts";
export { builderRoutes } from "./builder-routes.ts";
export { startEmbeddedBuilder } from "./embedded-builder.ts";
export { makeSandboxRunner } from "./phase-runner.ts";
