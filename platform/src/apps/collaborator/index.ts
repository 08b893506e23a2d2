export { type CollaboratorDependencies, collaboratorHandlers } from "./collaborator-api.ts";
