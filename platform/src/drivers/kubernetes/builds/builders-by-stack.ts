import { type Builder, isContainerBuild } from "../../../delivery/build/index.ts";

/** One builder of two: Dockerfiles are built by the second, and all else by the first. */
export function buildersByStack(buildpacks: Builder, dockerfiles: Builder): Builder {
  return {
    build: (spec, signal) => (isContainerBuild(spec) ? dockerfiles : buildpacks).build(spec, signal),
    async cancel(buildId) {
      // A build is told by its id alone.
      await Promise.all([buildpacks.cancel(buildId), dockerfiles.cancel(buildId)]);
    },
    // An app's caches are all in its repository, whoever looks.
    clearCache: (appId) => buildpacks.clearCache(appId),
  };
}
