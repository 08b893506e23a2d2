export { type KubeClient, type KubePlace, makeKubeClient } from "./kube-client.ts";
export { type KubeAccess, readInClusterAccess, readKubeConfig } from "./kube-config.ts";
export { isConflict, isNotFound, isPassing, KubeError } from "./kube-error.ts";
export {
  type ConfigMap,
  type ContainerState,
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
export { type ObjectListener, type ObjectWatch, watchObjects } from "./object-watch.ts";
export { openPodStream, type PodStream } from "./pod-stream.ts";
