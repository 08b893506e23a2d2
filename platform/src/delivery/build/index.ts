export { type Build, failureText } from "./build.ts";
export { type BuildApiDependencies, buildHandlers } from "./build-api.ts";
export type { Builder, BuildNews, BuildResult, BuildSpec } from "./build-ports.ts";
export { type BuildReconcilerDependencies, reconcileBuilds } from "./build-reconciler.ts";
export { listAppsWithBuilds } from "./build-store.ts";
export { type BuildDependencies, cancelBuild, createBuild } from "./create-build.ts";
export { type FollowBuildDependencies, followBuild } from "./follow-build.ts";
export { type FollowUpDependencies, followUp } from "./follow-up.ts";
