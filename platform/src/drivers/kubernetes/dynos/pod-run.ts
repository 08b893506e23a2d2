import { isIPv6 } from "node:net";
import type { ContainerStatus, Pod, TerminatedState } from "../client/index.ts";
import { ANNOTATION, LABEL } from "./dyno-labels.ts";

/** How a process ended. Times are milliseconds since the epoch, of whole seconds. */
export interface RunExit {
  /** Which run of which pod: a name for this end that no other has. */
  readonly key: string;
  readonly code: number;
  readonly signal?: string;
  readonly outOfMemory: boolean;
  /** It could not be started at all. */
  readonly notStarted?: string;
  readonly startedAt?: number;
  readonly finishedAt?: number;
}

/** What the cluster says of a dyno's process. */
export type RunPhase =
  | { readonly kind: "waiting" }
  /**
   * It cannot start: the image is not to be had, or the node refuses the container. `retried`: the node asks for the image
   * again soon, and may get it, as when the registry was started again meanwhile.
   */
  | {
      readonly kind: "blocked";
      readonly reason: "image" | "platform";
      readonly message: string;
      readonly retried?: true;
    }
  | { readonly kind: "running"; readonly startedAt: number; readonly started: boolean }
  /** It has ended and, unless it is a one-off dyno, will be started again; `backOffMs` as the node says it. */
  | { readonly kind: "exited"; readonly exit: RunExit; readonly backOffMs?: number }
  /** The pod has ended without its process having said how: evicted, or its node is lost. */
  | { readonly kind: "lost"; readonly message: string };

/** One pod of a dyno, in the driver's words. */
export interface PodRun {
  readonly uid: string;
  readonly pod: string;
  readonly createdAt: number;
  /** How often its process was started again. */
  readonly run: number;
  readonly node: string | undefined;
  /** The one that its node asks. */
  readonly address: string | undefined;
  /** All of them, that of IPv6 first: at most one of each family. */
  readonly addresses: readonly string[];
  /** When it was told to go, if it was. */
  readonly leavingSince?: number;
  readonly phase: RunPhase;
  /** The end of the run before this one. */
  readonly previous?: RunExit;
  /** It ran out of its lifetime. */
  readonly overdue: boolean;
  /** Its node ended it, for a reason of its own: it used too much disk, or the node has too little of something. */
  readonly evicted?: string;
  readonly client?: "awaited" | "attached";
}

export function runKey({ uid, run }: Pick<PodRun, "uid" | "run">): string {
  return `${uid}/${run}`;
}

export function readPodRun(pod: Pod): PodRun {
  const { metadata, status } = pod;
  const container = status?.containerStatuses?.[0];
  const uid = metadata.uid ?? metadata.name;
  const run = container?.restartCount ?? 0;
  const last = container?.lastState?.terminated;
  const deleted = metadata.deletionTimestamp;
  const client = metadata.annotations?.[ANNOTATION.client];
  return {
    uid,
    pod: metadata.name,
    createdAt: Date.parse(metadata.creationTimestamp ?? "") || 0,
    run,
    node: pod.spec.nodeName,
    address: status?.podIP,
    addresses: addressesOf(pod),
    ...(deleted ? { leavingSince: leavingSince(pod, deleted) } : {}),
    phase: phaseOf(pod, container),
    ...(last && run > 0 ? { previous: exitOf(last, `${uid}/${run - 1}`) } : {}),
    overdue: status?.reason === "DeadlineExceeded",
    ...(isEvicted(pod) ? { evicted: status?.message ?? "" } : {}),
    ...(client === "awaited" || client === "attached" ? { client } : {}),
  };
}

function addressesOf({ status }: Pod): string[] {
  const all = status?.podIPs?.map(({ ip }) => ip) ?? (status?.podIP ? [status.podIP] : []);
  return all.sort((a, b) => Number(isIPv6(b)) - Number(isIPv6(a)));
}

/** `deletionTimestamp` is when the time for a good end is over. */
function leavingSince({ spec }: Pod, deleted: string): number {
  const grace = spec.terminationGracePeriodSeconds;
  return Date.parse(deleted) - (typeof grace === "number" ? grace : 0) * 1_000;
}

const RETRIED_IMAGE_REASONS = new Set(["ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"]);
const IMAGE_REASONS = new Set([
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageInspectError",
  "SignatureValidationFailed",
]);
const PLATFORM_REASONS = new Set([
  "CreateContainerConfigError",
  "CreateContainerError",
  "PreCreateHookError",
  "PreStartHookError",
  "PostStartHookError",
  "RunContainerError",
]);

/** A node that is slow to get what a pod names tries again by itself. */
const PASSING = /^failed to sync (?:secret|configmap) cache/;

function isEvicted({ status }: Pod): boolean {
  return status?.phase === "Failed" && status.reason === "Evicted";
}

function phaseOf(pod: Pod, container: ContainerStatus | undefined): RunPhase {
  const { metadata, status } = pod;
  const { waiting, running, terminated } = container?.state ?? {};
  const key = `${metadata.uid ?? metadata.name}/${container?.restartCount ?? 0}`;
  if (terminated && isUnknownEnd(pod, terminated))
    return { kind: "lost", message: terminated.message ?? UNKNOWN_END };
  if (terminated) {
    const { notStarted, ...exit } = exitOf(terminated, key);
    // Of what it ends itself, a node may not know how it ended.
    const known = notStarted === undefined || isEvicted(pod) ? {} : { notStarted };
    return { kind: "exited", exit: { ...exit, ...known } };
  }
  if (status?.phase === "Failed")
    return { kind: "lost", message: status.message ?? status.reason ?? "the pod failed" };
  if (running)
    return {
      kind: "running",
      startedAt: Date.parse(running.startedAt ?? "") || 0,
      started: container?.started === true,
    };
  const reason = waiting?.reason ?? "";
  const message = waiting?.message ?? reason;
  if (reason === "CrashLoopBackOff") return backOff(container, key, message);
  if (RETRIED_IMAGE_REASONS.has(reason)) return { kind: "blocked", reason: "image", message, retried: true };
  if (IMAGE_REASONS.has(reason)) return { kind: "blocked", reason: "image", message };
  if (PASSING.test(message)) return { kind: "waiting" };
  if (PLATFORM_REASONS.has(reason)) return { kind: "blocked", reason: "platform", message };
  return { kind: "waiting" };
}

/**
 * A formation's pod that was told to go before its process had begun, such as one that the cluster's controller makes in
 * the moment between a dyno's removal and its hearing of it: the node says of it what it says of a process that got lost.
 */
function isUnknownEnd({ metadata }: Pod, { reason }: TerminatedState): boolean {
  const isLeaving = metadata.deletionTimestamp !== undefined;
  return isLeaving && metadata.labels?.[LABEL.part] === "formation" && reason === UNKNOWN_END;
}

/** Between two runs the last one's end stands in `lastState`. */
function backOff(container: ContainerStatus | undefined, key: string, message: string): RunPhase {
  const last = container?.lastState?.terminated;
  if (!last) return { kind: "waiting" };
  const backOffMs = readBackOff(message);
  return { kind: "exited", exit: exitOf(last, key), ...(backOffMs === undefined ? {} : { backOffMs }) };
}

const UNKNOWN_END = "ContainerStatusUnknown";
/** Kubernetes' words for a container that the node could not start. */
const NOT_STARTED = new Set(["StartError", "ContainerCannotRun", UNKNOWN_END]);

function exitOf(state: TerminatedState, key: string): RunExit {
  const startedAt = Date.parse(state.startedAt ?? "");
  const finishedAt = Date.parse(state.finishedAt ?? "");
  const signal = state.exitCode > 128 ? SIGNALS[state.exitCode - 128] : undefined;
  return {
    key,
    code: state.exitCode,
    ...(signal ? { signal } : {}),
    outOfMemory: state.reason === "OOMKilled",
    ...(NOT_STARTED.has(state.reason ?? "") ? { notStarted: state.message ?? state.reason ?? "" } : {}),
    ...(startedAt > 0 ? { startedAt } : {}),
    ...(finishedAt > 0 ? { finishedAt } : {}),
  };
}

const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  6: "SIGABRT",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  15: "SIGTERM",
};

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** The pause in a node's `back-off 1m20s restarting failed container=…`, in milliseconds. */
export function readBackOff(message: string): number | undefined {
  const [, text = ""] = /back-off ((?:\d+(?:\.\d+)?(?:h|ms|m|s))+)/.exec(message) ?? [];
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  if (parts.length === 0) return undefined;
  return parts.reduce((sum, [, number, unit = ""]) => sum + Number(number) * (UNIT_MS[unit] ?? 0), 0);
}

/** The pod that counts: the newest that stays and has not failed, else the newest. */
export function currentRun(runs: readonly PodRun[]): PodRun | undefined {
  const [first] = [...runs].sort((a, b) => rank(b) - rank(a) || b.createdAt - a.createdAt);
  return first;
}

function rank({ leavingSince, phase }: PodRun): number {
  if (leavingSince !== undefined) return 0;
  return phase.kind === "lost" ? 1 : 2;
}
