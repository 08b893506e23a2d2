export { collaboratorHandlers } from "./collaborator-api.ts";
