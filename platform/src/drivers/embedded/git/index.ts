export { prepareGitFolder } from "./git-folder.ts";
export { makeGitRepositories } from "./git-repositories.ts";
export { startGitTransport } from "./git-transport.ts";
