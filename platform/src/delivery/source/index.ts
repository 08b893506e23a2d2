export { type FetchSourceDependencies, fetchSource, type SourceBlob } from "./fetch-source.ts";
export { type GitHandlerDependencies, makeGitHandler } from "./git-handler.ts";
export { isPublicAddress } from "./public-address.ts";
export {
  type FollowedBuild,
  makeReceivePush,
  type PushDependencies,
  type PushedApp,
  type PushedBuild,
  type ReceivePush,
} from "./receive-push.ts";
export type {
  ArchiveStore,
  CommitDescription,
  GitCall,
  GitRepositories,
  GitTransport,
  PushNews,
  PushReceiver,
  RefAnswer,
  RefCommand,
  SourceStore,
} from "./source-ports.ts";
export type { StoredSource } from "./store-source.ts";
export { DEFAULT_TAR_LIMITS, type TarLimits } from "./tar-limits.ts";
export {
  makeUploads,
  type OpenedUrl,
  type OwnUpload,
  type Upload,
  type UploadDependencies,
  type Uploads,
} from "./upload.ts";
