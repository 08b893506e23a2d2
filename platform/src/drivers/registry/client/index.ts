export { type PrivateImages, privateImages, registriesConf } from "./containers-files.ts";
export {
  type ImageReference,
  layoutPathOf,
  parseImageReference,
  parseShortReference,
  referenceText,
  registryUrl,
} from "./image-reference.ts";
export { readPullCredentials } from "./pull-credentials.ts";
export { type ImageOrigin, imageInRegistry, type PulledImage, pullImage } from "./pull-image.ts";
export { makeRegistryArtifacts } from "./registry-artifacts.ts";
export { makeRegistryClient, type RegistryClient, type RegistryClientOptions } from "./registry-client.ts";
export { type RegistryAccess, withRegistryImage } from "./registry-places.ts";
export { makeRegistryRebasedImages } from "./registry-rebased-images.ts";
export { RegistryRequestError } from "./registry-request-error.ts";
