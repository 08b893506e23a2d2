export { type GitHandlerDependencies, makeGitHandler } from "./git-handler.ts";
export {
  type FollowedBuild,
  makeReceivePush,
  type PushDependencies,
  type PushedApp,
  type PushedBuild,
  type ReceivePush,
} from "./receive-push.ts";
export type {
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
export { type StoredSource, type StoreSourceOptions, storeSource } from "./store-source.ts";
export { DEFAULT_TAR_LIMITS, type TarLimits } from "./tar-limits.ts";
