export type { GitSettings } from "./git-command.ts";
export { type GitFolderOptions, prepareGitFolder } from "./git-folder.ts";
export { makeGitRepositories } from "./git-repositories.ts";
export { type GitTransportOptions, startGitTransport } from "./git-transport.ts";
