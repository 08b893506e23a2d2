import {
  type Builder,
  type BuildNews,
  type BuildResult,
  type BuildSpec,
  type BuildTurns,
  isContainerBuild,
  makeBuildTurns,
} from "../../../delivery/build/index.ts";
import { errorText, type Running } from "../../../kernel/index.ts";
import { RegistryRequestError } from "../../registry/client/index.ts";
import { KIND, KubeError, type Pod } from "../client/index.ts";
import { attemptOf, LABEL } from "./build-labels.ts";
import type { KubernetesBuilderOptions } from "./builder-options.ts";
import { forgetCache } from "./cache-image-store.ts";
import { concludeBuild } from "./conclude-build.ts";
import { followPod } from "./follow-pod.ts";
import { openPodBoard, type PodBoard } from "./pod-board.ts";
import { askPodMemory } from "./pod-memory.ts";
import { type BuildBounds, isOver, seePod } from "./pod-sight.ts";
import { endPod, findNewestPod, type StartOptions, startAttempt } from "./start-attempt.ts";
import { keepSwept } from "./sweep-builds.ts";
import { countOwners, waitForTurn } from "./wait-for-turn.ts";

/** What serves one builder. */
interface Engine {
  readonly options: StartOptions;
  readonly board: PodBoard;
  /** Leave to make a pod: the one who has it waits for the cluster to have room. */
  readonly turns: BuildTurns;
}

interface Signals {
  /** Only stops listening. */
  readonly leave: AbortSignal;
  readonly cancel: AbortSignal;
}

/**
 * Builds as pods. All that is known of a build is in the cluster: any process with the same options joins it, also after
 * the one that began it was killed. `stop` ends the watching only; what builds goes on.
 */
export async function startKubernetesBuilder(
  options: KubernetesBuilderOptions,
): Promise<Running & { readonly builder: Builder }> {
  const { client, placement, logger } = options;
  const board = openPodBoard({ client, namespace: placement.namespace, logger });
  const sweeping = keepSwept(
    { client, namespace: placement.namespace, board, logger, now: options.now },
    options,
  );
  const stopping = new AbortController();
  const setsPodMemory = askPodMemory(client, placement, logger);
  const turns = makeBuildTurns({ atOnce: 1, working: () => countOwners(board.pods()) });
  await board.ready;
  return {
    builder: makeBuilder({ options: { ...options, setsPodMemory }, board, turns }, stopping.signal),
    stop: async () => {
      stopping.abort();
      await sweeping.stop();
      await board.stop();
    },
  };
}

function makeBuilder(engine: Engine, stopping: AbortSignal): Builder {
  const { client, placement } = engine.options;
  /** Calls under way by build id: one that waits for its turn has no pod yet. */
  const calls = new Map<string, Set<AbortController>>();
  return {
    async *build(spec, signal) {
      if (isContainerBuild(spec)) return yield { kind: "result", result: NO_DOCKERFILES };
      const cancel = new AbortController();
      const ours = calls.get(requireName(spec.id)) ?? new Set();
      calls.set(spec.id, ours.add(cancel));
      const leave = AbortSignal.any([signal, stopping]);
      try {
        const result = yield* runBuild(spec, engine, { leave, cancel: cancel.signal });
        const lost = { kind: "lost", message: "The build engine was stopped." } as const;
        if (result || !signal.aborted) yield { kind: "result", result: result ?? lost };
      } finally {
        ours.delete(cancel);
        if (ours.size === 0) calls.delete(spec.id);
      }
    },
    async cancel(buildId) {
      for (const call of calls.get(buildId) ?? []) call.abort();
      const place = { kind: KIND.pod, namespace: placement.namespace };
      const selector = { labelSelector: `${LABEL.build}=${requireName(buildId)}` };
      for (const pod of (await client.list<Pod>(place, selector)).items)
        if (!isOver(pod)) await endPod(client, pod, { cancelled: true });
    },
    async clearCache(appId) {
      const registry = engine.options.openRegistry(requireName(appId));
      try {
        await forgetCache(engine.options.repositoryOf(appId), registry);
      } finally {
        await registry.close();
      }
    },
  };
}

/** A pod under the restricted Pod Security Standard has no user namespace of its own to make file systems in. */
const NO_DOCKERFILES = {
  kind: "failed",
  message:
    "Dockerfiles are not built in this cluster: its pods may not make file systems. Build the image where you are, push it to <API host>/<app>/<process type>, and release it: heroku container:release web. The guide on containers shows how.",
  exitCode: 1,
} as const;

/** How often one call builds a build whose pod the cluster has taken away. */
const TRIES = 2;
export const BUILDS_AGAIN = "-----> The cluster has taken this build away. Building again.\n";

/** Undefined when nobody listens any more. */
async function* runBuild(
  spec: BuildSpec,
  engine: Engine,
  signals: Signals,
): AsyncGenerator<BuildNews, BuildResult | undefined> {
  const { options } = engine;
  const bounds = { ...options.placement, timeoutSeconds: spec.timeoutSeconds };
  for (let tried = 1; ; tried += 1) {
    let pod: Pod | undefined;
    try {
      pod = yield* findOrStart(spec, bounds, engine, signals);
    } catch (thrown) {
      if (!(thrown instanceof KubeError || thrown instanceof RegistryRequestError)) throw thrown;
      const message = `The build could not be started: ${errorText(thrown)}.`;
      yield { kind: "output", text: ` !     ${message}\n` };
      return { kind: "lost", message };
    }
    if (!pod) return signals.cancel.aborted ? { kind: "cancelled" } : undefined;
    if (signals.cancel.aborted) await endPod(options.client, pod, { cancelled: true });
    const end = yield* followOne(pod, bounds, engine, signals.leave);
    if (!end) return undefined;
    if (end.kind !== "taken" || tried === TRIES) return yield* concludeBuild(end, spec, pod, options);
    yield { kind: "output", text: BUILDS_AGAIN };
  }
}

/** The pod of a build that runs or has ended, else a new one. */
async function* findOrStart(
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
  const giveBack = yield* inOutput(waitForTurn(spec, turns, signal));
  try {
    return yield* inOutput(startAttempt(spec, next, options, signal));
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

async function* followOne(pod: Pod, bounds: BuildBounds, { options, board }: Engine, signal: AbortSignal) {
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

/** Ids become names of objects. */
function requireName(id: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,40}$/.test(id)) return id;
  throw new Error(`"${id}" is not an id`);
}
