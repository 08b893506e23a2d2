import { errorText, type Logger, pause, type Running } from "../../../kernel/index.ts";
import { KIND, type KubeClient, type Pod, type Secret } from "../client/index.ts";
import { BUILDS, CANCELLED } from "./build-labels.ts";
import type { PodBoard } from "./pod-board.ts";
import { isOver } from "./pod-sight.ts";

export interface SweepBounds {
  /** Ended builds whose pods are kept for a caller that comes back. */
  readonly kept: number;
  /** And for how long at the most. */
  readonly keptMs: number;
}

/** Pods that nobody will ask for any more: of ended builds the oldest. */
export function planSweep(pods: readonly Pod[], now: Date, { kept, keptMs }: SweepBounds): readonly Pod[] {
  const ended = pods
    .filter(
      (pod) => isOver(pod) || (pod.metadata.annotations?.[CANCELLED] !== undefined && !pod.spec.nodeName),
    )
    .map((pod) => ({ pod, at: endedAt(pod) }))
    .sort((a, b) => b.at - a.at);
  return ended.filter(({ at }, n) => n >= kept || now.getTime() - at > keptMs).map(({ pod }) => pod);
}

function endedAt({ status, metadata }: Pod): number {
  const times = (status?.containerStatuses ?? []).map(({ state }) =>
    Date.parse(state?.terminated?.finishedAt ?? ""),
  );
  return Math.max(Date.parse(metadata.creationTimestamp ?? "") || 0, ...times.filter(Number.isFinite));
}

/** What a build was told is of no use once its pod has ended; one without a pod is removed when it is old enough. */
export function planSecrets(secrets: readonly Secret[], pods: readonly Pod[], now: Date): readonly Secret[] {
  const running = new Set(pods.filter((pod) => !isOver(pod)).map(({ metadata }) => metadata.name));
  return secrets.filter(({ metadata }) => {
    const age = now.getTime() - Date.parse(metadata.creationTimestamp ?? "");
    return !running.has(metadata.name) && age > ORPHAN_MS;
  });
}

const ORPHAN_MS = 120_000;
const EVERY_MS = 60_000;

/** Removes what is left of ended builds, now and then. Several processes may do so at once. */
export function keepSwept(
  options: {
    readonly client: KubeClient;
    readonly namespace: string;
    readonly board: Pick<PodBoard, "pods">;
    readonly logger: Logger;
    readonly now: () => Date;
  },
  bounds: SweepBounds,
): Running {
  const { client, namespace, board, logger, now } = options;
  const stopping = new AbortController();
  const sweep = async () => {
    const pods = board.pods();
    for (const { metadata } of planSweep(pods, now(), bounds)) {
      const { uid } = metadata;
      await client.remove({ kind: KIND.pod, namespace }, metadata.name, uid === undefined ? {} : { uid });
    }
    const place = { kind: KIND.secret, namespace };
    const { items } = await client.list<Secret>(place, { labelSelector: BUILDS }, stopping.signal);
    for (const { metadata } of planSecrets(items, board.pods(), now()))
      await client.remove(place, metadata.name);
  };
  const keep = async () => {
    while (!stopping.signal.aborted) {
      await pause(EVERY_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      await sweep().catch((thrown) =>
        logger.info("ended builds could not be removed yet", { reason: errorText(thrown) }),
      );
    }
  };
  const kept = keep();
  return {
    stop: async () => {
      stopping.abort();
      await kept;
    },
  };
}
