export { makeBuilderClient } from "./builder-client.ts";
export { builderRoutes } from "./builder-routes.ts";
export type { AvailableBuildpack } from "./buildpack-order.ts";
export { type EmbeddedBuilderOptions, startEmbeddedBuilder } from "./embedded-builder.ts";
export { makeSandboxRunner, type PhaseEnd, type PhaseJob, type PhaseRunner } from "./phase-runner.ts";
export type { BuildMachine } from "./run-build.ts";
