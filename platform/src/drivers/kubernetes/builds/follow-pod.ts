import { type Logger, pause } from "../../../kernel/index.ts";
import type { KubeClient } from "../client/index.ts";
import { type PartName, partsIn } from "./build-parts.ts";
import { readPartLog } from "./part-log.ts";
import { makePhaseOutput } from "./phase-output.ts";
import type { PodView } from "./pod-board.ts";
import { type BuildBounds, hasBegun, isOver, type PodSight, partStatus, seePod } from "./pod-sight.ts";

/** How a pod's build ended, of what pods tell. */
export type PodEnd = Exclude<PodSight, { kind: "waiting" } | { kind: "running" } | { kind: "trouble" }>;

export interface FollowOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly bounds: BuildBounds;
  readonly logger: Logger;
  /** How long a pod that cannot be started is waited for; what stops it may be put right meanwhile. */
  readonly troubleMs: number;
}

/** The log of a container that has ended is given so long to come whole. */
const AFTER_END_MS = 2_000;

export const WAITS_FOR_ROOM = "-----> Waiting for room in the cluster to build in\n";

/**
 * The output of a pod's containers, one after the other, as it comes; returns how the build ended, or undefined when the
 * signal aborted. The image is told by the last container's own words, before the cluster tells of that container's end.
 */
export async function* followPod(
  view: PodView,
  options: FollowOptions,
  signal: AbortSignal,
): AsyncGenerator<string, PodEnd | undefined> {
  const trouble = yield* untilBegun(view, options, signal);
  if (trouble) return { kind: "broken", message: `The build's pod cannot be started: ${trouble}.` };
  for (const part of partsIn(view.pod())) {
    await until(view, signal, () => hasBegun(view.pod(), part) || endOf(view, options) !== undefined);
    if (signal.aborted) return undefined;
    if (isCancelled(view, options)) return { kind: "cancelled" };
    if (!hasBegun(view.pod(), part)) break;
    const { status, image } = yield* followPart(part, view, options, signal);
    if (part === "deliver" && status === 0 && image) return { kind: "image", digest: image };
    if ((status ?? partStatus(view.pod(), part)?.state?.terminated?.exitCode) !== 0) break;
  }
  await until(view, signal, () => endOf(view, options) !== undefined);
  return signal.aborted ? undefined : endOf(view, options);
}

/** Tells that there is no room, once. Returns what is in the way of a pod when that has lasted too long. */
async function* untilBegun(
  view: PodView,
  options: FollowOptions,
  signal: AbortSignal,
): AsyncGenerator<string, string | undefined> {
  const begun = () => hasBegun(view.pod(), "prepare") || endOf(view, options) !== undefined;
  const sight = () => seePod(view.pod(), options.bounds);
  const lacksRoom = () => {
    const now = sight();
    return now.kind === "waiting" && now.why === "room";
  };
  await until(view, signal, () => begun() || lacksRoom() || sight().kind === "trouble");
  if (lacksRoom()) yield WAITS_FOR_ROOM;
  let troubled: number | undefined;
  while (!begun() && !signal.aborted) {
    const now = sight();
    troubled = now.kind === "trouble" ? (troubled ?? performance.now()) : undefined;
    const left = troubled === undefined ? undefined : options.troubleMs - (performance.now() - troubled);
    if (now.kind === "trouble" && left !== undefined && left <= 0) return now.message;
    await view.changed(
      left === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(left))]),
    );
  }
  return undefined;
}

async function* followPart(
  part: PartName,
  view: PodView,
  options: FollowOptions,
  signal: AbortSignal,
): AsyncGenerator<string, { status: number | undefined; image: string | undefined }> {
  const { client, namespace, logger } = options;
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const output = makePhaseOutput();
  const ended = () =>
    view.gone() || isOver(view.pod()) || partStatus(view.pod(), part)?.state?.terminated !== undefined;
  // A container that was killed says nothing of its end, and its log may be held open for some seconds.
  const watching = until(view, stop, () => ended() || isCancelled(view, options)).then(async () => {
    if (stop.aborted) return;
    if (!isCancelled(view, options)) await pause(AFTER_END_MS, stop);
    over.abort();
  });
  try {
    const pod = view.pod().metadata.name;
    for await (const chunk of readPartLog({ client, namespace, pod, part, logger, hasEnded: ended }, stop)) {
      const text = output.take(chunk);
      if (text) yield text;
      if (output.ended() !== undefined) break;
    }
    const rest = output.rest();
    if (rest) yield rest;
  } finally {
    over.abort();
    await watching;
  }
  return { status: output.ended(), image: output.image() };
}

/** How it ended, once it has. */
function endOf(view: PodView, { bounds }: FollowOptions): PodEnd | undefined {
  const sight = seePod(view.pod(), bounds);
  if (sight.kind === "running" || sight.kind === "waiting")
    return view.gone() ? { kind: "taken", message: "The build's pod was removed." } : undefined;
  if (sight.kind === "trouble") return undefined;
  return sight;
}

function isCancelled(view: PodView, { bounds }: FollowOptions): boolean {
  return seePod(view.pod(), bounds).kind === "cancelled";
}

async function until(view: PodView, signal: AbortSignal, holds: () => boolean): Promise<void> {
  while (!holds() && !signal.aborted) await view.changed(signal);
}
