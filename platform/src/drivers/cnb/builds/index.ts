export { builderEnvironment, operatorVariables, phaseEnvironment } from "./build-environment.ts";
export { failureOf, type PhaseEnd, timeoutText } from "./build-failure-text.ts";
export type { BuildGround } from "./build-ground.ts";
export {
  type BuilderFacts,
  BuilderImageError,
  readBuilderFacts,
} from "./builder-facts.ts";
export { collectImage, type ImageSink, intoStore } from "./collect-image.ts";
export {
  type FilledFolder,
  type FolderSources,
  fillFolder,
  makeOwned,
} from "./fill-folder.ts";
export { describeRunImage } from "./known-run-image.ts";
export { readPlainLayer } from "./layer-content.ts";
export type { BuildpackFetching } from "./place-buildpacks.ts";
export { openRegistryRunImages } from "./registry-run-images.ts";
export {
  CLASSIC_APP,
  type HostRelease,
  IMAGE_OWNER,
  LAYOUTS,
  makeHostRunImage,
  makeRunConfig,
  RUN_USER,
  type RunImage,
  readRunImage,
} from "./run-image.ts";
