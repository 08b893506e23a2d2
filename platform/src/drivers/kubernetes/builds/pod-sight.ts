import { failureOf, timeoutText } from "../../cnb/builds/index.ts";
import type { ContainerStatus, Pod } from "../client/index.ts";
import { ARCHITECTURE_LABEL, CANCELLED } from "./build-labels.ts";
import { type PartName, partsIn } from "./build-parts.ts";
import { POD_EXIT, readVerdict } from "./build-task.ts";

/** What a pod tells of its build. */
export type PodSight =
  /** `room`: no node has any. */
  | { readonly kind: "waiting"; readonly why: "room" | "start" }
  /** The cluster cannot start it, and tries on. */
  | { readonly kind: "trouble"; readonly message: string }
  | { readonly kind: "running" }
  | { readonly kind: "image"; readonly digest: string }
  | { readonly kind: "failed"; readonly message: string; readonly exitCode: number }
  | { readonly kind: "cancelled" }
  /** The cluster has taken it away; another try may do better. */
  | { readonly kind: "taken"; readonly message: string }
  /** Something of Conifer failed in it. */
  | { readonly kind: "broken"; readonly message: string };

/** What is not in the pod's status. */
export interface BuildBounds {
  readonly timeoutSeconds: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

/** The first that applies tells what became of a build. */
export function seePod(pod: Pod, bounds: BuildBounds): PodSight {
  if (pod.metadata.annotations?.[CANCELLED] !== undefined) return { kind: "cancelled" };
  const done = delivered(pod);
  if (done) return done;
  const ended =
    outOfMemory(pod, bounds) ??
    failedPart(pod, bounds, "by itself") ??
    takenAway(pod, bounds) ??
    failedPart(pod, bounds, "by a signal");
  if (ended) return ended;
  if (pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded")
    return { kind: "taken", message: `The cluster ended the build: ${told(pod)}.` };
  return starting(pod);
}

/** The state of one of the pod's containers. */
export function partStatus({ status }: Pod, part: PartName): ContainerStatus | undefined {
  return status?.containerStatuses?.find(({ name }) => name === part);
}

/** Whether the container has begun, so that it has a log. */
export function hasBegun(pod: Pod, part: PartName): boolean {
  const state = partStatus(pod, part)?.state;
  return state?.running !== undefined || state?.terminated !== undefined;
}

/** A pod of which all containers have ended. */
export function isOver({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

function delivered(pod: Pod): PodSight | undefined {
  const end = partStatus(pod, "deliver")?.state?.terminated;
  const verdict = end?.exitCode === 0 ? readVerdict(end.message) : undefined;
  return verdict && "image" in verdict ? { kind: "image", digest: verdict.image } : undefined;
}

/** Before all else that ends pods: one whose build ran out of memory is then ended whole. */
function outOfMemory(pod: Pod, { memoryBytes }: BuildBounds): PodSight | undefined {
  const killed = partsIn(pod).find(
    (part) => partStatus(pod, part)?.state?.terminated?.reason === "OOMKilled",
  );
  return killed && failureOf({ exitCode: 137, outOfMemory: true }, memoryBytes);
}

function takenAway(pod: Pod, bounds: BuildBounds): PodSight | undefined {
  const { reason = "", message = "", conditions = [] } = pod.status ?? {};
  if (reason === "DeadlineExceeded")
    return { kind: "failed", message: timeoutText(bounds.timeoutSeconds), exitCode: 124 };
  if (reason === "Evicted" && /exceed/i.test(message)) {
    const gigabytes = Math.round((bounds.diskBytes / 1024 ** 3) * 10) / 10;
    const text = `The build needed more than ${gigabytes} GB of disk and was stopped. Make the build smaller, or ask the operator for more.`;
    return { kind: "failed", message: text, exitCode: 137 };
  }
  const disrupted = conditions.find(({ type, status }) => type === "DisruptionTarget" && status === "True");
  if (disrupted)
    return { kind: "taken", message: `The cluster took the build away (${disrupted.reason ?? reason}).` };
  if (pod.metadata.deletionTimestamp !== undefined)
    return { kind: "taken", message: "The build's pod was removed." };
  return undefined;
}

/** Phases are begun by a shell, so that the containers of a build take turns. */
const NO_SHELL =
  "The builder image has no /bin/sh, by which the containers of a build take turns. Name a builder that has one.";

/** How a program's status tells SIGTERM and SIGKILL. */
const KILLED = [143, 137];

function failedPart(
  pod: Pod,
  { memoryBytes }: BuildBounds,
  how: "by itself" | "by a signal",
): PodSight | undefined {
  for (const part of partsIn(pod)) {
    const end = partStatus(pod, part)?.state?.terminated;
    if (!end || end.exitCode === 0 || (how === "by itself" && KILLED.includes(end.exitCode))) continue;
    const verdict = readVerdict(end.message);
    const said = verdict && "message" in verdict ? verdict.message : undefined;
    if (end.exitCode === POD_EXIT.refused && said) return { kind: "failed", message: said, exitCode: 1 };
    if (part === "prepare" || part === "deliver")
      return { kind: "broken", message: said ?? `The build broke in "${part}": ${told(pod)}.` };
    if (end.reason === "StartError" && /no such file|not found/.test(end.message ?? ""))
      return { kind: "failed", message: NO_SHELL, exitCode: 1 };
    if (end.reason === "ContainerStatusUnknown" || end.reason === "StartError")
      return { kind: "taken", message: `The build's node lost it (${end.reason}).` };
    return failureOf({ exitCode: end.exitCode, outOfMemory: false }, memoryBytes);
  }
  return undefined;
}

/** What a kubelet waits for by itself, and says nothing of that will pass. */
const TROUBLES = new Set([
  ...["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"],
  ...["CreateContainerConfigError", "CreateContainerError", "RunContainerError"],
]);

function starting(pod: Pod): PodSight {
  for (const part of partsIn(pod)) {
    const { reason = "", message = "" } = partStatus(pod, part)?.state?.waiting ?? {};
    if (TROUBLES.has(reason))
      return { kind: "trouble", message: `${reason}${message ? `: ${message}` : ""}` };
  }
  if (partsIn(pod).some((part) => hasBegun(pod, part))) return { kind: "running" };
  const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  const missing = missingArchitecture(pod, scheduled?.message ?? "");
  if (missing !== undefined)
    return {
      kind: "failed",
      message: `No node of this cluster has processors for ${missing}. Add one, or take ${missing} out of the architectures in project.toml.`,
      exitCode: 1,
    };
  return { kind: "waiting", why: scheduled?.status === "False" ? "room" : "start" };
}

/**
 * The processors that a pod is for and that no node has, as the scheduler tells it: all nodes differ by what the pod selects, or
 * are closed to it in another way that no waiting ends.
 */
function missingArchitecture({ spec }: Pod, message: string): string | undefined {
  const { nodeSelector } = spec as { readonly nodeSelector?: Readonly<Record<string, string>> };
  const wanted =
    Object.keys(nodeSelector ?? {}).length === 1 ? nodeSelector?.[ARCHITECTURE_LABEL] : undefined;
  const [, all = "", reasons = ""] = /^0\/(\d+) nodes are available: (.+?)\.(?: |$)/.exec(message) ?? [];
  if (wanted === undefined || all === "") return undefined;
  const closed = reasons
    .split(/, (?=\d)/)
    .filter((one) => CLOSED.test(one))
    .reduce((sum, one) => sum + Number.parseInt(one, 10), 0);
  return reasons.includes("node affinity/selector") && closed === Number(all) ? wanted : undefined;
}

const CLOSED = /^\d+ node\(s\) (didn't match Pod's node affinity\/selector|had untolerated taint)/;

function told({ status }: Pod): string {
  return [status?.reason, status?.message].filter(Boolean).join(", ") || "it does not say why";
}
