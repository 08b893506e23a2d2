import type { Pod } from "../client/index.ts";
import { ANNOTATION, CONTAINER, LABEL } from "../dynos/index.ts";

/** What must be known of a pod to tell its output, also when the pod is gone. Plain JSON. */
export interface PodFacts {
  readonly uid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly appId: string;
  /** The dyno's name from each of these times on, oldest first. */
  readonly names: readonly (readonly [sinceMs: number, name: string])[];
  /** Runs up to this one have ended; -1: none. */
  readonly endedRun: number;
  readonly isGone: boolean;
}

const NAMES = 16;

/** Undefined when the pod's output is not ours to tell: it is no dyno, or a client reads it. */
export function readPodFacts(pod: Pod, before: PodFacts | undefined, nowMs: number): PodFacts | undefined {
  const { uid, name, namespace, labels, annotations } = pod.metadata;
  const appId = labels?.[LABEL.app];
  if (!uid || !namespace || !appId || !labels?.[LABEL.dyno] || annotations?.[ANNOTATION.client])
    return undefined;
  const dyno = annotations?.[ANNOTATION.name] ?? labels[LABEL.name] ?? "";
  return {
    ...{ uid, namespace, pod: name, appId },
    names: namesWith(before?.names ?? [], dyno, nowMs),
    endedRun: Math.max(before?.endedRun ?? -1, endedRunOf(pod)),
    isGone: false,
  };
}

function namesWith(names: PodFacts["names"], name: string, nowMs: number): PodFacts["names"] {
  if (names.at(-1)?.[1] === name) return names;
  return [...names, [names.length === 0 ? 0 : nowMs, name] as const].slice(-NAMES);
}

/** What a dyno was called when it wrote a line. */
export function nameAt({ names }: Pick<PodFacts, "names">, ms: number): string {
  return (names.findLast(([sinceMs]) => sinceMs <= ms) ?? names[0])?.[1] ?? "";
}

function endedRunOf({ status }: Pod): number {
  const container = status?.containerStatuses?.find(({ name }) => name === CONTAINER);
  const run = container?.restartCount ?? 0;
  const { terminated, waiting } = container?.state ?? {};
  const isBetween = waiting !== undefined && container?.lastState?.terminated !== undefined;
  if (terminated || isBetween || status?.phase === "Failed" || status?.phase === "Succeeded") return run;
  return run - 1;
}

/** The node's folder of the pod's container. */
export function outputFolder({ namespace, pod, uid }: PodFacts): string {
  return `${namespace}_${pod}_${uid}/${CONTAINER}`;
}

/** How the log store calls what one run of a pod's process writes. */
export function streamName(uid: string, run: number): string {
  return `${uid}/${run}`;
}
