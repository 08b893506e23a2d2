import type { BuildNews, BuildSpec, BuildTurns } from "../../../delivery/build/index.ts";
import type { Pod } from "../client/index.ts";
import { attemptOf } from "./build-labels.ts";
import { chooseBuilder } from "./choose-builder.ts";
import { followPod } from "./follow-pod.ts";
import type { PodBoard } from "./pod-board.ts";
import { type BuildBounds, seePod } from "./pod-sight.ts";
import { findNewestPod, type StartOptions, startAttempt } from "./start-attempt.ts";
import { waitForTurn } from "./wait-for-turn.ts";

/** What serves one builder. */
export interface Engine {
  readonly options: StartOptions;
  readonly board: PodBoard;
  /** Leave to make a pod: the one who has it waits for the cluster to have room. */
  readonly turns: BuildTurns;
}

export interface Signals {
  /** Only stops listening. */
  readonly leave: AbortSignal;
  readonly cancel: AbortSignal;
}

/** The pod of a build that runs or has ended, else a new one. */
export async function* findOrStart(
  spec: BuildSpec,
  bounds: BuildBounds,
  { options, turns }: Engine,
  { leave, cancel }: Signals,
): AsyncGenerator<BuildNews, Pod | undefined> {
  const newest = await findNewestPod(spec.id, options);
  const sight = newest && seePod(newest, bounds).kind;
  if (newest && sight !== "taken" && sight !== "broken") return newest;
  const next = newest ? attemptOf(newest) + 1 : 1;
  const signal = AbortSignal.any([leave, cancel]);
  // Others need not wait for what this one has to fetch.
  const chosen = options.ofDockerfiles
    ? { bringsBuildpacks: false }
    : yield* inOutput(chooseBuilder(spec, options, signal));
  if (!chosen) return undefined;
  const giveBack = yield* inOutput(waitForTurn(spec, turns, signal));
  try {
    return yield* inOutput(startAttempt(spec, { attempt: next, ...chosen }, options, signal));
  } finally {
    giveBack?.();
  }
}

/** What a generator yields is the build's output. */
async function* inOutput<T>(texts: AsyncGenerator<string, T>): AsyncGenerator<BuildNews, T> {
  try {
    for (;;) {
      const { done, value } = await texts.next();
      if (done) return value;
      yield { kind: "output", text: value };
    }
  } finally {
    await texts.return(undefined as T);
  }
}

/** The output of a pod, until it ends; returns how, or undefined when the signal aborted. */
export async function* followOne(
  pod: Pod,
  bounds: BuildBounds,
  { options, board }: Engine,
  signal: AbortSignal,
) {
  const { client, placement, logger, troubleMs } = options;
  const view = board.follow(pod);
  try {
    const following = followPod(
      view,
      { client, namespace: placement.namespace, bounds, logger, troubleMs },
      signal,
    );
    for (;;) {
      const { done, value } = await following.next();
      if (done) return value;
      yield { kind: "output", text: value } as const;
    }
  } finally {
    view.close();
  }
}
