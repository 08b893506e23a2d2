export {
  CLASSIC_APP,
  makeHostRunImage,
  makeRunConfig,
  RUN_USER,
  type RunImage,
} from "../../cnb/builds/index.ts";
export { makeBuilderClient } from "./builder-client.ts";
export { builderRoutes } from "./builder-routes.ts";
export { openBuilderShelf } from "./builder-shelf.ts";
export { startEmbeddedBuilder } from "./embedded-builder.ts";
export { openMachineRunImages } from "./machine-run-images.ts";
export { makeSandboxRunner, type PhaseRunner } from "./phase-runner.ts";
export { RunImageError, takeRunImage } from "./take-run-image.ts";
