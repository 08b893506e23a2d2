export {
  changeAppConfig,
  createInitialRelease,
  createRelease,
  type ReleaseDependencies,
  releaseAgain,
  rollBack,
} from "./create-release.ts";
export { expireReleases } from "./expire-releases.ts";
export { describeDeploy, RELEASE_PROCESS, type Release } from "./release.ts";
export { actorOf, releaseHandlers } from "./release-api.ts";
export { type ReleaseImagesDependencies, releaseImages } from "./release-images.ts";
export type {
  CommandRun,
  DeployVerdict,
  DeployVerifier,
  PushedImages,
  ReleaseCommand,
} from "./release-ports.ts";
export { reconcileReleases } from "./release-reconciler.ts";
export {
  findCurrentRelease,
  findHead,
  findNextPending,
  findRelease,
  listAppsWithCode,
  listAppsWithPending,
} from "./release-store.ts";
