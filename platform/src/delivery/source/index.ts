export { cutSource } from "./cut-source.ts";
export { fetchArchive } from "./fetch-archive.ts";
export { fetchSource } from "./fetch-source.ts";
export { type GitHandlerDependencies, makeGitHandler } from "./git-handler.ts";
export { isPublicAddress } from "./public-address.ts";
export { type FollowedBuild, makeReceivePush } from "./receive-push.ts";
export type { DownloadOptions } from "./source-download.ts";
export type {
  ArchiveStore,
  CollectedSources,
  CommitDescription,
  GitCall,
  GitRepositories,
  GitTransport,
  PushNews,
  PushReceiver,
  RefCommand,
  RefMove,
  SourceStore,
} from "./source-ports.ts";
export { makeUploads, type Upload } from "./source-upload.ts";
export type { StoredSource as FetchedSource } from "./store-source.ts";
