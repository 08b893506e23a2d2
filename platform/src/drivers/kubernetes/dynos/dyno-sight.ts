import type { DynoState } from "../../../runtime/dyno/index.ts";
import type { DynoEntry } from "./app-record.ts";
import { currentRun, type PodRun, type RunExit, runKey } from "./pod-run.ts";

/** All that is known of a dyno at one moment. */
export interface DynoSight {
  readonly entry: DynoEntry;
  readonly displayCommand: string;
  readonly bootSeconds: number;
  readonly stopSeconds: number;
  readonly oneOff: boolean;
  /** Part of the formation, or a one-off dyno that nobody has stopped. */
  readonly wanted: boolean;
  readonly port: number;
  readonly runs: readonly PodRun[];
  /** Runs whose port was seen to accept connections, and such that did not in time. */
  readonly listening: ReadonlySet<string>;
  readonly timedOut: ReadonlySet<string>;
  /** Pods that did not get their image in time. */
  readonly unpulled: ReadonlySet<string>;
  /** Where this process saw the port of a run accept connections. */
  readonly heardOn: ReadonlyMap<string, string>;
  /** The latest ends seen, the newest last. */
  readonly exits: readonly RunExit[];
  /** Why the cluster takes no pod of it: a quota is used up, or a rule of the operator's is against it. */
  readonly refused?: string;
}

/** A dyno as it was seen last. */
export interface BoardDyno {
  readonly sight: DynoSight;
  readonly state: DynoState;
  readonly since: Date;
}

/** No process of the dyno has told how it ended. */
const KILLED = 137;
/** It ended before its process had begun. */
const NOT_BEGUN = 128;

/** What others see of it. */
export function stateOfSight(sight: DynoSight): DynoState {
  if (sight.oneOff) return oneOffState(sight);
  if (!sight.wanted) return sight.runs.some(isAlive) ? { kind: "stopping" } : complete(sight);
  const current = currentRun(sight.runs);
  if (!current || current.leavingSince !== undefined)
    return sight.refused === undefined ? { kind: "starting" } : { kind: "crashed", reason: "platform" };
  return runState(sight, current);
}

/** Whether a process of the pod may still run. */
export function isAlive({ phase }: PodRun): boolean {
  return phase.kind === "running" || phase.kind === "waiting";
}

function oneOffState(sight: DynoSight): DynoState {
  const [pod] = sight.runs;
  if (!pod) return sight.wanted && sight.exits.length === 0 ? { kind: "starting" } : complete(sight);
  const { phase } = pod;
  if (phase.kind === "exited") return ended(phase.exit);
  if (phase.kind === "lost" || (phase.kind === "blocked" && !mayGetImage(sight, pod)))
    return { kind: "complete", exitCode: 1 };
  if (!sight.wanted || pod.leavingSince !== undefined) return { kind: "stopping" };
  // Its process waits for the client.
  if (pod.client === "awaited") return { kind: "starting" };
  return phase.kind === "running" ? { kind: "up" } : { kind: "starting" };
}

function runState(sight: DynoSight, current: PodRun): DynoState {
  const { phase } = current;
  const key = runKey(current);
  switch (phase.kind) {
    case "waiting":
    case "lost":
      return { kind: "starting" };
    case "blocked":
      if (mayGetImage(sight, current)) return { kind: "starting" };
      return { kind: "crashed", reason: phase.reason };
    case "exited":
      return crashed(sight, phase.exit, phase.backOffMs ?? guessBackOff(current.run));
    case "running": {
      if (sight.entry.duty === "work") return { kind: "up" };
      // What only its node has heard is at the address that the node asks.
      const host = sight.heardOn.get(key) ?? current.address;
      if (sight.timedOut.has(key) || !sight.listening.has(key) || !host) return { kind: "starting" };
      return { kind: "up", address: { host, port: sight.port } };
    }
  }
}

/** Whether its node still tries to get its image, and has not tried for long. */
export function mayGetImage({ unpulled }: DynoSight, { phase, uid }: PodRun): boolean {
  return phase.kind === "blocked" && phase.retried === true && !unpulled.has(uid);
}

function crashed(sight: DynoSight, exit: RunExit, backOffMs: number): DynoState {
  const restartAt = exit.finishedAt === undefined ? undefined : exit.finishedAt + backOffMs;
  return {
    kind: "crashed",
    reason: crashReason(sight, exit),
    ...(exit.notStarted === undefined ? { exitCode: exit.code } : {}),
    ...(restartAt === undefined ? {} : { restartAt: new Date(restartAt).toISOString() }),
  };
}

export function crashReason(sight: DynoSight, exit: RunExit) {
  if (exit.notStarted !== undefined) return "image";
  if (exit.outOfMemory) return "memory";
  if (sight.timedOut.has(exit.key) || bootedTooLong(sight, exit)) return "boot-timeout";
  return "exit";
}

const ENDED_BY_PROBE = new Set([137, 143]);

/** Nobody watched, but it was ended from outside after its time to boot, and was never seen to listen. */
function bootedTooLong({ entry, bootSeconds, listening }: DynoSight, exit: RunExit): boolean {
  const { startedAt, finishedAt, code, key } = exit;
  if (entry.duty === "work" || listening.has(key) || !ENDED_BY_PROBE.has(code)) return false;
  if (startedAt === undefined || finishedAt === undefined) return false;
  const late = finishedAt - startedAt - bootSeconds * 1_000;
  return late >= 0 && late <= PROBE_LATE_MS;
}

const PROBE_LATE_MS = 10_000;
const FIRST_BACK_OFF_MS = 10_000;
const LONGEST_BACK_OFF_MS = 300_000;

/** Until the node says it: at once the first time, then 10 s, doubling, up to five minutes. */
export function guessBackOff(restarts: number): number {
  return restarts === 0 ? 0 : Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** (restarts - 1));
}

function complete({ exits, runs }: DynoSight): DynoState {
  const lastExit = exits.at(-1);
  if (lastExit) return ended(lastExit);
  return {
    kind: "complete",
    exitCode: runs.some(({ phase }) => phase.kind !== "waiting") ? KILLED : NOT_BEGUN,
  };
}

function ended({ code, signal }: RunExit): DynoState {
  return { kind: "complete", exitCode: code, ...(signal ? { signal } : {}) };
}
