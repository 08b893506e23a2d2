export { makeAttachUrl } from "./attach-secret.ts";
export type { OneOff } from "./one-off.ts";
export { type OneOffApiDependencies, oneOffHandlers } from "./one-off-api.ts";
export { type OneOffReconcilerDependencies, reconcileOneOffs } from "./one-off-reconciler.ts";
export { deleteEndedOneOffs, findOneOff, listAppsWithOneOffs, listOneOffs } from "./one-off-store.ts";
export { makeReleaseCommand, type ReleaseCommandDependencies } from "./release-command-runner.ts";
export { makeRendezvous, type RendezvousDependencies } from "./rendezvous.ts";
export { type OneOffDependencies, runOneOff } from "./run-one-off.ts";
