import { INSTALLATION_LABEL, type Manifest } from "../installation/installation-names.ts";
import type { KindName } from "./api-kinds.ts";

/** What somebody may have put into one of our namespaces, and would miss. */
export const WORTH_KEEPING: readonly KindName[] = [
  "Pod",
  "ReplicaSet",
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "Service",
  "ConfigMap",
  "Secret",
  "PersistentVolumeClaim",
];

/** What workers make, and look after, carries this. */
export const ENGINE_LABEL = "app.kubernetes.io/managed-by";
const ENGINE = "conifer";
export const ENGINE_SELECTOR = `${ENGINE_LABEL}=${ENGINE}`;

/** The cluster's own, in every namespace. */
const CLUSTERS_OWN = ["kube-root-ca.crt"];

/** Objects that are neither the installation's, nor the engine's, nor made by the cluster from one of theirs. */
export function foreignObjects(objects: readonly Manifest[], installation: string): Manifest[] {
  return objects.filter(({ metadata }) => {
    const { labels = {}, ownerReferences = [], name } = metadata;
    const isOurs = labels[INSTALLATION_LABEL] === installation || labels[ENGINE_LABEL] === ENGINE;
    return !isOurs && ownerReferences.length === 0 && !CLUSTERS_OWN.includes(name);
  });
}
