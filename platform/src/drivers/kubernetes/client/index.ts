export type { KubeAccess } from "./kube-access.ts";
export { type KubeClient, type KubePlace, makeKubeClient, pluralOf } from "./kube-client.ts";
export { openKubeAccess, readKubeConfig } from "./kube-config.ts";
export { isConflict, isNotFound, isPassing, KubeError } from "./kube-error.ts";
export {
  type ConfigMap,
  type ContainerStatus,
  KIND,
  type KubeKind,
  type KubeObject,
  type OwnerReference,
  objectPath,
  type Pod,
  type ReplicaSet,
  type Secret,
  type TerminatedState,
} from "./kube-objects.ts";
export { type ObjectListener, watchObjects } from "./object-watch.ts";
export { openPodForward, type PodPort } from "./pod-forward.ts";
export { openPodStream, type PodStream } from "./pod-stream.ts";
export { splitDocuments } from "./split-documents.ts";
