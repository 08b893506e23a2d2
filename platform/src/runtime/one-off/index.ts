export type { OneOff } from "./one-off.ts";
export { type OneOffApiDependencies, oneOffHandlers } from "./one-off-api.ts";
export { type OneOffReconcilerDependencies, reconcileOneOffs } from "./one-off-reconciler.ts";
export { deleteEndedOneOffs, endOneOff, listAllOneOffs, listOneOffs } from "./one-off-store.ts";
export { makeReleaseCommand, type ReleaseCommandDependencies } from "./release-command-runner.ts";
export { makeAttachUrl, makeRendezvous, type RendezvousDependencies } from "./rendezvous.ts";
export { type OneOffDependencies, runOneOff } from "./run-one-off.ts";
