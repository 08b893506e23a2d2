export { checkGitVersion, prepareGitFolder } from "./git-folder.ts";
export { makeGitRepositories } from "./git-repositories.ts";
export { makeRepositoryClient, repositoryRoutes } from "./git-routes.ts";
export { startGitTransport } from "./git-transport.ts";
