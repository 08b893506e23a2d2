import {
  type HeldCluster,
  type HeldObject,
  openHeldCluster,
} from "../../../platform/src/drivers/kubernetes/client/held-cluster-fixtures.ts";

/** A cluster whose workloads are well at once, but those whose image is called bad. */
export async function openInstallable(): Promise<HeldCluster> {
  const cluster = await openHeldCluster();
  cluster.control = judge;
  return cluster;
}

/** In a reference of an image: its pods never answer. */
export const BAD = "bad";

function judge(object: HeldObject): unknown {
  const { kind, spec = {}, metadata } = object;
  const observedGeneration = (metadata as { generation?: number }).generation;
  if (kind === "DaemonSet") return { observedGeneration, desiredNumberScheduled: 0 };
  if (kind !== "Deployment" && kind !== "StatefulSet") return undefined;
  const { replicas = 1 } = spec as { replicas?: number };
  if (JSON.stringify(spec).includes(`/${BAD}:`))
    return {
      observedGeneration,
      ...{ replicas, updatedReplicas: 0 },
      conditions: [
        { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "no progress" },
      ],
    };
  const all = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
  return { observedGeneration, ...all };
}
