import type { Logger, LogSink } from "../../../kernel/index.ts";
import type { KubeClient } from "../client/index.ts";
import type { BoardDyno } from "./dyno-sight.ts";
import { followPodLog, type PodLog } from "./pod-log.ts";
import type { PodRun } from "./pod-run.ts";

/** Reads the logs of all dynos that have no client. One connection a dyno: enough until an agent on each node does it. */
export interface PodLogs {
  /** To be called whenever a dyno was looked at. `from`: lines from before are not told. */
  see(dyno: BoardDyno, from?: Date): void;
  /** Resolves when what the dyno's ended processes wrote has been told. */
  told(dyno: BoardDyno): Promise<unknown>;
  close(): Promise<void>;
}

export interface PodLogsOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly sink: LogSink;
  readonly logger: Logger;
}

export function makePodLogs(options: PodLogsOptions): PodLogs {
  /** By dyno id, then by the pod's uid. */
  const dynos = new Map<string, { name: string; readonly pods: Map<string, PodLog> }>();
  const ending = new Set<Promise<void>>();
  const begin = (dyno: BoardDyno, run: PodRun, from: Date | undefined): PodLog => {
    const { entry } = dyno.sight;
    const log = followPodLog({
      ...options,
      pod: run.pod,
      appId: entry.appId,
      name: () => dynos.get(entry.id)?.name ?? entry.name,
      ...(from ? { from } : {}),
    });
    ending.add(log.ended);
    void log.ended.then(() => ending.delete(log.ended));
    return log;
  };
  return {
    see: (dyno, from) => {
      const { entry, runs } = dyno.sight;
      const known = dynos.get(entry.id) ?? { name: entry.name, pods: new Map<string, PodLog>() };
      known.name = entry.name;
      for (const run of runs.filter(hasOutput)) {
        const log = known.pods.get(run.uid) ?? begin(dyno, run, from);
        known.pods.set(run.uid, log);
        log.reached(run.run);
      }
      const alive = new Set(runs.map(({ uid }) => uid));
      for (const [uid, log] of known.pods)
        if (!alive.has(uid)) {
          log.gone();
          known.pods.delete(uid);
        }
      if (known.pods.size > 0) dynos.set(entry.id, known);
      else dynos.delete(entry.id);
    },
    told: ({ sight }) => {
      const pods = dynos.get(sight.entry.id)?.pods;
      const ended = sight.runs.map((run) => pods?.get(run.uid)?.told(lastEnded(run)) ?? Promise.resolve());
      return Promise.all(ended);
    },
    close: async () => {
      for (const { pods } of dynos.values()) for (const log of pods.values()) log.close();
      dynos.clear();
      await Promise.all(ending);
    },
  };
}

/** A pod's last run that has ended; -1: none has. */
function lastEnded({ phase, run }: PodRun): number {
  return phase.kind === "exited" ? run : run - 1;
}

/** The last runs that have ended of pods whose output goes to the log, each `<pod's uid>/<run>`. */
export function endedRuns(runs: readonly PodRun[]): string[] {
  return runs
    .filter((run) => run.client === undefined && lastEnded(run) >= 0)
    .map((run) => `${run.uid}/${lastEnded(run)}`);
}

/** What a process with a client writes is the client's. */
function hasOutput({ phase, run, client }: PodRun): boolean {
  return client === undefined && (phase.kind === "running" || phase.kind === "exited" || run > 0);
}
