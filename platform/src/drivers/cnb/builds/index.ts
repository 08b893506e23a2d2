export {
  builderEnvironment,
  offeredArguments,
  operatorVariables,
  phaseEnvironment,
  platformEnvironment,
} from "./build-environment.ts";
export { failureOf, type PhaseEnd, timeoutText } from "./build-failure-text.ts";
export { type BuildGround, wantedBuilder } from "./build-ground.ts";
export {
  type BuilderFacts,
  builderTold,
  readBuilderFacts,
  readBuilderUser,
} from "./builder-facts.ts";
export {
  bringRunImage,
  builderRefusal,
  keptTold,
  makerOf,
  missingImage,
  PULLED_BYTES,
  type PulledKind,
  pinnedName,
  pullingTold,
  requireReference,
} from "./builder-pulls.ts";
export { collectImage, collectNamed, intoStore, namedIn } from "./collect-image.ts";
export {
  type FilledFolder,
  type FolderSources,
  fillFolder,
  makeOwned,
} from "./fill-folder.ts";
export { type ImageFiles, readImageFiles } from "./image-files.ts";
export { type ImageUser, resolveImageUser } from "./image-user.ts";
export { describeRunImage } from "./known-run-image.ts";
export { readPlainLayer } from "./layer-content.ts";
export type { BuildpackFetching } from "./place-buildpacks.ts";
export {
  buildingTold,
  joinedTold,
  otherArchitectures,
  resultFor,
} from "./platform-plan.ts";
export type { Architecture } from "./project-descriptor.ts";
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
  readForeignRunImage,
  readRunImage,
} from "./run-image.ts";
export { readSourceDescriptor } from "./source-descriptor.ts";
