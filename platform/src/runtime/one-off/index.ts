export { makeAttachUrl } from "./attach-secret.ts";
export type { OneOff } from "./one-off.ts";
export { oneOffHandlers } from "./one-off-api.ts";
export { reconcileOneOffs } from "./one-off-reconciler.ts";
export { deleteEndedOneOffs, findOneOff, listAppsWithOneOffs, listOneOffs } from "./one-off-store.ts";
export { makeReleaseCommand } from "./release-command-runner.ts";
export { makeRendezvous } from "./rendezvous.ts";
export type { OneOffDependencies } from "./run-one-off.ts";
