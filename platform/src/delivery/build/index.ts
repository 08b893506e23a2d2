export type { AttestBuild } from "./attempt-build.ts";
export { baseImages, declaredArguments } from "./base-images.ts";
export type { Build } from "./build.ts";
export { buildHandlers } from "./build-api.ts";
export {
  type Builder,
  type BuildNews,
  type BuildResult,
  type BuildSpec,
  isContainerBuild,
} from "./build-ports.ts";
export { reconcileBuilds } from "./build-reconciler.ts";
export { hasBuilt, listAppsWithBuilds, listKeptSources } from "./build-store.ts";
export { type BuildTurns, makeBuildTurns, waitingForRoom } from "./build-turns.ts";
export { createBuild } from "./create-build.ts";
export { followBuild } from "./follow-build.ts";
export { followUp } from "./follow-up.ts";
export {
  type ContainerPlan,
  type DockerImage,
  HEROKU_YML_BYTES,
  planByNames,
  readHerokuYml,
} from "./heroku-yml.ts";
