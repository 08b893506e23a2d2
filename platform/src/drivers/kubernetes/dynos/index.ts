export type { DynoPlacement } from "./dyno-manifests.ts";
export {
  type KubernetesDynoHost,
  type KubernetesDynoHostOptions,
  startKubernetesDynoHost,
} from "./kubernetes-dyno-host.ts";
