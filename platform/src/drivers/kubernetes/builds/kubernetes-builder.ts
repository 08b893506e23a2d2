import { type Builder, isContainerBuild, makeBuildTurns } from "../../../delivery/build/index.ts";
import type { Running } from "../../../kernel/index.ts";
import { KIND, type Pod } from "../client/index.ts";
import { LABEL } from "./build-labels.ts";
import { buildPlatforms } from "./build-platform-pods.ts";
import type { KubernetesBuilderOptions } from "./builder-options.ts";
import { forgetCaches } from "./cache-image-store.ts";
import type { Engine } from "./find-or-start.ts";
import { buildNames } from "./platform-options.ts";
import { openPodBoard } from "./pod-board.ts";
import { askPodMemory } from "./pod-memory.ts";
import { isOver } from "./pod-sight.ts";
import { endPod, readTakeTurn } from "./start-attempt.ts";
import { keepSwept } from "./sweep-builds.ts";
import { countOwners } from "./wait-for-turn.ts";

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
  const takeTurn = await readTakeTurn();
  const turns = makeBuildTurns({ atOnce: 1, working: () => countOwners(board.pods()) });
  await board.ready;
  return {
    builder: makeBuilder({ options: { ...options, setsPodMemory, takeTurn }, board, turns }, stopping.signal),
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
      const isOurs = isContainerBuild(spec) === (engine.options.ofDockerfiles ?? false);
      if (!isOurs) return yield { kind: "result", result: NO_DOCKERFILES };
      const cancel = new AbortController();
      const ours = calls.get(requireName(spec.id)) ?? new Set();
      calls.set(spec.id, ours.add(cancel));
      const leave = AbortSignal.any([signal, stopping]);
      try {
        const result = yield* buildPlatforms(spec, engine, { leave, cancel: cancel.signal });
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
      for (const name of buildNames(requireName(buildId))) {
        const selector = { labelSelector: `${LABEL.build}=${name}` };
        for (const pod of (await client.list<Pod>(place, selector)).items)
          if (!isOver(pod)) await endPod(client, pod, { cancelled: true });
      }
    },
    async clearCache(appId) {
      const registry = engine.options.openRegistry(requireName(appId));
      try {
        await forgetCaches(engine.options.repositoryOf(appId), registry);
      } finally {
        await registry.close();
      }
    },
  };
}

/** A pod under the restricted Pod Security Standard has no user namespace to make file systems in, and pods that have are not everybody's. */
const NO_DOCKERFILES = {
  kind: "failed",
  message:
    "Dockerfiles are not built in this cluster: what they need is more than its pods may do, unless its operator says so: conifer install --set dockerfiles.enabled=true (see the guide on containers for what it means). Or build the image where you are, push it to <API host>/<app>/<process type>, and release it: heroku container:release web.",
  exitCode: 1,
} as const;

/** Ids become names of objects. */
function requireName(id: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,40}$/.test(id)) return id;
  throw new Error(`"${id}" is not an id`);
}
