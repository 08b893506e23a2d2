export { objectFiles, packRefs, type RepositoryRefs, readRefs } from "./copied-repository.ts";
export { checkGitVersion, prepareGitFolder } from "./git-folder.ts";
export { ensureRepository, makeGitRepositories } from "./git-repositories.ts";
export { makeRepositoryClient, repositoryRoutes } from "./git-routes.ts";
export { startGitTransport } from "./git-transport.ts";
