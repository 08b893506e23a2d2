export type { OneOff } from "./one-off.ts";
export { type OneOffApiDependencies, oneOffHandlers } from "./one-off-api.ts";
export { deleteEndedOneOffs, endOneOff, listAllOneOffs, listOneOffs } from "./one-off-store.ts";
export { makeReleaseCommand, type ReleaseCommandDependencies } from "./release-command-runner.ts";
export { type OneOffDependencies, runOneOff } from "./run-one-off.ts";
