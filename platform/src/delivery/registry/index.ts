export { makeAppRegistryHandler } from "./app-registry-handler.ts";
export { tagOfType } from "./app-repository.ts";
export { MOST_REMOVED, type SweepReport, type Swept, startCollector } from "./collect-images.ts";
export { type LinkReader, makeLinkReader } from "./document-links.ts";
export { findPushedImage } from "./find-pushed-image.ts";
export { holdImage } from "./hold-image.ts";
export {
  type CollectedManifest,
  isStatementTag,
  OutOfReach,
  planRepository,
  type RepositoryFacts,
} from "./plan-collection.ts";
export {
  dockerConfigJson,
  issuePullCredential,
  issuePushCredential,
  issueRoleCredential,
  type RegistryCredential,
  registryKeys,
} from "./registry-credentials.ts";
export type {
  ByteRange,
  HeldManifest,
  RepositoryManagement,
  RepositoryRecords,
  ServedContent,
  UploadStore,
} from "./registry-ports.ts";
export {
  COMMON_SPACE,
  isSubject,
  PLATFORM_SPACE,
  parseRepository,
  type RegistryRole,
  type Repository,
  ROLES,
  repositoryName,
} from "./registry-rules.ts";
export {
  keepUploadsSwept,
  makeRegistryListener,
  type RegistryListener,
  type RunningRegistry,
  startRegistry,
} from "./registry-server.ts";
export { keepReferrers, keepTree, nothingStays, type Staying } from "./staying-content.ts";
