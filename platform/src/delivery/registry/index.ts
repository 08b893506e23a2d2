export { holdImage } from "./hold-image.ts";
export {
  dockerConfigJson,
  issuePullCredential,
  issuePushCredential,
  type RegistryCredential,
  registryKeys,
} from "./registry-credentials.ts";
export type {
  ByteRange,
  HeldManifest,
  RepositoryRecords,
  ServedContent,
  UploadStore,
} from "./registry-ports.ts";
export { COMMON_SPACE, parseRepository, type Repository, repositoryName } from "./registry-rules.ts";
export { type RunningRegistry, startRegistry } from "./registry-server.ts";
