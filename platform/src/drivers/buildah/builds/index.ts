export {
  BUILDAH_PATHS,
  type BuildahArgv,
  buildArgv,
  buildahEnvironment,
  pullArgv,
} from "./buildah-calls.ts";
export { basesOf, buildingTold, readContainerPlan, SETUP_LATER, sameImage } from "./container-plan.ts";
export { describeContainers } from "./describe-containers.ts";
export { explainDockerfile } from "./explain-dockerfile.ts";
export { placeRegistries } from "./place-registries.ts";
