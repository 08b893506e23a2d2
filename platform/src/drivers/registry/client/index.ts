export { parseImageReference, registryUrl } from "./image-reference.ts";
export { makeRegistryArtifacts } from "./registry-artifacts.ts";
export { makeRegistryClient, type RegistryClient, type RegistryClientOptions } from "./registry-client.ts";
export { RegistryRequestError } from "./registry-request-error.ts";
