export type { DynoDuty } from "./dyno-engine.ts";
export { ANNOTATION, LABEL, MANAGED_BY } from "./dyno-labels.ts";
export type { DynoPlacement } from "./dyno-manifests.ts";
export { CONTAINER } from "./dyno-manifests.ts";
export {
  type KubernetesDynoHost,
  startKubernetesDynoHost,
} from "./kubernetes-dyno-host.ts";
export type { NodeClass } from "./pod-nodes.ts";
export { keepPullSecret, PULL_SECRET } from "./pull-secret.ts";
export type { SpaceFence } from "./space-fence.ts";
