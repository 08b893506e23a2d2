import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Tell } from "../../cli/src/cluster/tell-steps.ts";
import { type ClusterApi, type KubernetesObject, openClusterApi } from "./cluster-api.ts";
import { type ClusterFolders, nodeFolder } from "./cluster-folders.ts";
import type { ClusterPlan, NodePlan } from "./cluster-plan.ts";
import type { Rise } from "./start-members.ts";

/** The cluster's default: a pod's volume is a folder of the node that the pod is put on, and it stays there. */
export const STORAGE_CLASS = "local";
export const VOLUMES_OF_A_NODE = 8;
/** What a volume promises. Nothing holds anybody to it, and folders share one disk. */
const CAPACITY = "20Gi";

/** The storage class, which makes nothing by itself: volumes are those below. */
export function storageClass(): KubernetesObject {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: {
      name: STORAGE_CLASS,
      annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
    },
    provisioner: "kubernetes.io/no-provisioner",
    volumeBindingMode: "WaitForFirstConsumer",
    reclaimPolicy: "Retain",
  };
}

/** A folder of a node, and the volume that it is. */
export interface LocalVolume {
  readonly name: string;
  readonly folder: string;
  readonly object: KubernetesObject;
}

export function volumesOf(plan: ClusterPlan, folders: ClusterFolders): LocalVolume[] {
  return plan.members.flatMap((member) =>
    Array.from({ length: VOLUMES_OF_A_NODE }, (_, at) => volumeOf(member, folders, at + 1)),
  );
}

function volumeOf(member: NodePlan, folders: ClusterFolders, number: number): LocalVolume {
  const name = `${member.name}-${number}`;
  const folder = join(nodeFolder(folders, member.name), "volumes", String(number));
  const onNode = { key: "kubernetes.io/hostname", operator: "In", values: [member.name] };
  return {
    name,
    folder,
    object: {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name },
      spec: {
        storageClassName: STORAGE_CLASS,
        capacity: { storage: CAPACITY },
        accessModes: ["ReadWriteOnce"],
        persistentVolumeReclaimPolicy: "Retain",
        local: { path: folder },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
      },
    },
  };
}

/** A volume as the API shows it. */
interface SeenVolume {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly phase?: string };
}

/** Volumes whose claim is gone; only these may be emptied. */
export function releasedAmong(seen: readonly SeenVolume[], volumes: readonly LocalVolume[]): LocalVolume[] {
  const released = seen.filter(({ status }) => status?.phase === "Released");
  const names = new Set(released.map(({ metadata }) => metadata.name));
  return volumes.filter(({ name }) => names.has(name));
}

/** Makes the volumes of every node; those whose claim is gone are emptied and can be claimed again. */
export async function provideVolumes(
  { plan, folders }: Pick<Rise, "plan" | "folders">,
  tell: Tell,
): Promise<void> {
  const api = await openClusterApi(plan, folders);
  const volumes = volumesOf(plan, folders);
  await api.apply(storageClass());
  const { items } = (await api.call("/api/v1/persistentvolumes")) as { items: readonly SeenVolume[] };
  for (const volume of releasedAmong(items, volumes)) await free(api, volume, tell);
  await Promise.all(
    volumes.map(async ({ folder, object }) => {
      await mkdir(folder, { recursive: true });
      await api.apply(object);
    }),
  );
}

async function free(api: ClusterApi, { name, folder }: LocalVolume, tell: Tell): Promise<void> {
  tell(`Emptying volume ${name}, whose claim is gone.`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const call = {
    method: "PATCH",
    body: { spec: { claimRef: null } },
    type: "application/merge-patch+json",
  } as const;
  await api.call(`/api/v1/persistentvolumes/${name}`, call);
}
