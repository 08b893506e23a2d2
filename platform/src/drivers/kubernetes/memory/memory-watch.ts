import {
  type Clock,
  errorText,
  type Logger,
  type LogSink,
  pause,
  type Running,
} from "../../../kernel/index.ts";
import { linesAboveQuota } from "../../../runtime/dyno/index.ts";
import type { ObjectListener, Pod } from "../client/index.ts";
import { makePodCgroups, type PodCgroups } from "./pod-cgroups.ts";
import { type QuotaFacts, readQuotaFacts } from "./quota-facts.ts";
import { readWorkingSet } from "./working-set.ts";

export interface MemoryWatchOptions {
  /** The node's `/sys/fs/cgroup`, as this process sees it. */
  readonly cgroups: string;
  /** Where lines about dynos go. */
  readonly logs: LogSink;
  readonly logger: Logger;
  readonly now: Clock;
  /** Between two looks at all dynos. Default 2 s. */
  readonly sampleMs?: number;
}

/** Tells dynos of one node when they use more memory than their quota (R14). */
export interface MemoryWatch extends Running {
  /** To be told of the node's dynos. */
  readonly pods: ObjectListener<Pod>;
}

const SAMPLE_MS = 2_000;
/** A running dyno has a cgroup long before; without one the operator is told, once. */
const MISSING_MS = 60_000;

interface WatchedDyno {
  facts: QuotaFacts;
  readonly sinceMs: number;
  folder: string | undefined;
  toldAtMs: number | undefined;
}

/**
 * Looks at the memory of every dyno it was told of, again and again: one small file for each, and a second one for those
 * above their quota. At twice the quota the kernel ends the dyno; that is not this watch's to tell.
 */
export function startMemoryWatch(options: MemoryWatchOptions): MemoryWatch {
  const { cgroups, logs, logger, now, sampleMs = SAMPLE_MS } = options;
  const stopping = new AbortController();
  const dynos = new Map<string, WatchedDyno>();
  const tree = makePodCgroups({ root: cgroups, nowMs: () => now().getTime() });
  const see = (pod: Pod) => {
    const facts = readQuotaFacts(pod);
    const before = dynos.get(pod.metadata.uid ?? "");
    if (!facts) dynos.delete(pod.metadata.uid ?? "");
    // The next run of its process is told anew.
    else if (before?.facts.containerId === facts.containerId) before.facts = facts;
    else dynos.set(facts.uid, { facts, sinceMs: now().getTime(), folder: undefined, toldAtMs: undefined });
  };
  let isBlind = false;
  const sample = (dyno: WatchedDyno, time: Date) => {
    const { appId, name } = dyno.facts;
    const usedBytes = memoryOf(dyno, tree);
    if (usedBytes === undefined && !isBlind && time.getTime() - dyno.sinceMs > MISSING_MS) {
      isBlind = true;
      logger.warn("a dyno's cgroup is not to be found: what is above its quota is not told", {
        app: appId,
        name,
      });
    }
    for (const message of linesFor(dyno, usedBytes, time))
      logs.write({ appId, time, source: "heroku", process: name, message });
  };
  const look = async () => {
    while (!stopping.signal.aborted) {
      for (const dyno of dynos.values()) sample(dyno, now());
      await pause(sampleMs, stopping.signal);
    }
  };
  const looking = look().catch((thrown) =>
    logger.error("dynos' memory is not watched any more", { error: errorText(thrown) }),
  );
  return {
    pods: {
      replaced: (pods) => {
        const alive = new Set(pods.map(({ metadata }) => metadata.uid));
        for (const uid of [...dynos.keys()]) if (!alive.has(uid)) dynos.delete(uid);
        for (const pod of pods) see(pod);
      },
      changed: see,
      removed: (pod) => void dynos.delete(pod.metadata.uid ?? ""),
    },
    stop: async () => {
      stopping.abort();
      await looking;
    },
  };
}

function memoryOf(dyno: WatchedDyno, tree: PodCgroups): number | undefined {
  const { uid, containerId, quotaBytes } = dyno.facts;
  dyno.folder ??= tree.find(uid, containerId);
  const usedBytes = dyno.folder === undefined ? undefined : readWorkingSet(dyno.folder, quotaBytes);
  if (usedBytes === undefined) dyno.folder = undefined;
  return usedBytes;
}

function linesFor(dyno: WatchedDyno, usedBytes: number | undefined, time: Date): readonly string[] {
  if (usedBytes === undefined) return [];
  const { quotaBytes } = dyno.facts;
  const { toldAtMs } = dyno;
  const lines = linesAboveQuota({ usedBytes, quotaBytes, nowMs: time.getTime(), toldAtMs });
  if (lines.length > 0) dyno.toldAtMs = time.getTime();
  return lines;
}
