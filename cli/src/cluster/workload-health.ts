import type { Pod } from "@conifer/platform/kubernetes-client";
import type { Manifest } from "../installation/installation-names.ts";

/** How far a workload is with what was asked of it last. */
export type Health =
  | { readonly state: "well" }
  | { readonly state: "on its way"; readonly said: string }
  /** It will not become well by itself. */
  | { readonly state: "failed"; readonly said: string };

interface Status {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly desiredNumberScheduled?: number;
  readonly updatedNumberScheduled?: number;
  readonly numberAvailable?: number;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
}

/** Judges a Deployment, StatefulSet or DaemonSet by what its controller says of it. */
export function workloadHealth(object: Manifest): Health {
  const { kind, metadata } = object;
  const status = (object.status ?? {}) as Status;
  const generation = (metadata as { generation?: number }).generation ?? 0;
  if ((status.observedGeneration ?? 0) < generation) return onItsWay("not looked at yet");
  const stuck = status.conditions?.find(
    ({ type, reason }) => type === "Progressing" && reason === "ProgressDeadlineExceeded",
  );
  if (stuck) return { state: "failed", said: stuck.message ?? "no progress in time" };
  const wanted =
    kind === "DaemonSet"
      ? (status.desiredNumberScheduled ?? 0)
      : ((object.spec as { replicas?: number }).replicas ?? 1);
  const [renewed, answering, all] =
    kind === "DaemonSet"
      ? [status.updatedNumberScheduled ?? 0, status.numberAvailable ?? 0, wanted]
      : [status.updatedReplicas ?? 0, answers(kind, status), status.replicas ?? 0];
  if (renewed < wanted) return onItsWay(`${renewed} of ${wanted} are new`);
  if (all > wanted) return onItsWay(`${all - wanted} of before are to end`);
  if (answering < wanted) return onItsWay(`${answering} of ${wanted} answer`);
  return { state: "well" };
}

const onItsWay = (said: string): Health => ({ state: "on its way", said });

function answers(kind: string, { readyReplicas, availableReplicas }: Status): number {
  return (kind === "StatefulSet" ? readyReplicas : availableReplicas) ?? 0;
}

/** Why a pod does not answer, in a few words; undefined for one that does. */
export function podTrouble(pod: Pod): string | undefined {
  const { status, metadata } = pod;
  if (metadata.deletionTimestamp) return undefined;
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status === "True") return undefined;
  const container = status?.containerStatuses?.[0];
  const { waiting, terminated, running } = container?.state ?? {};
  if (waiting && waiting.reason !== "ContainerCreating")
    return joined(waiting.reason, lastEnd(container?.lastState?.terminated) ?? waiting.message);
  if (terminated) return lastEnd(terminated);
  const unscheduled = status?.conditions?.find(
    ({ type, status: is }) => type === "PodScheduled" && is === "False",
  );
  if (unscheduled) return joined(unscheduled.reason, unscheduled.message);
  if (waiting) return "its image is fetched, or its volumes are mounted";
  if (running)
    return container?.restartCount ? `started ${container.restartCount + 1} times, not ready` : "not ready";
  return status?.message ?? status?.phase ?? "not started";
}

function lastEnd(
  end: { readonly exitCode: number; readonly reason?: string } | undefined,
): string | undefined {
  return end && joined(end.reason, `exit status ${end.exitCode}`);
}

const joined = (...parts: readonly (string | undefined)[]) => parts.filter(Boolean).join(": ");
