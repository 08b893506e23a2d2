export {
  BUILDAH_PATHS,
  type BuildahArgv,
  buildArgv,
  buildahEnvironment,
  keepLayersArgv,
  noteImagesArgv,
  pullArgv,
  takeLayersArgv,
} from "./buildah-calls.ts";
export {
  basesOf,
  buildingTold,
  declaredOf,
  readContainerPlan,
  SETUP_LATER,
  sameImage,
} from "./container-plan.ts";
export { type BuiltImages, describeContainers } from "./describe-containers.ts";
export { explainDockerfile } from "./explain-dockerfile.ts";
export { placeRegistries } from "./place-registries.ts";
