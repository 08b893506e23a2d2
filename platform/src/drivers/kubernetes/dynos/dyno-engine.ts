import {
  type Clock,
  done,
  type Logger,
  type LogSink,
  type Outcome,
  type Reconciler,
  startReconciler,
} from "../../../kernel/index.ts";
import type { KubeClient, KubeKind } from "../client/index.ts";
import { makeAppObject } from "./app-record.ts";
import { makeTurns, type Turns } from "./app-turns.ts";
import { readRecord } from "./apply-app.ts";
import { type DynoBoard, makeDynoBoard } from "./dyno-board.ts";
import type { DynoPlacement } from "./dyno-manifests.ts";
import type { BoardDyno } from "./dyno-sight.ts";
import { endOverdue } from "./end-overdue.ts";
import { type Awaited, type LinesInOrder, makeLinesInOrder } from "./lines-in-order.ts";
import { makeObjectWriter, type ObjectWriter, type ToldSpecs } from "./object-writer.ts";
import { endedRuns, makePodLogs, type PodLogs } from "./pod-logs.ts";
import { reconcileDynos } from "./reconcile-dynos.ts";
import type { SpaceWishes } from "./space-namespace.ts";
import { ROUTED_KINDS, type SpaceObjects, VIEWED_KINDS, watchSpace } from "./space-objects.ts";

export interface KubernetesDynoHostOptions {
  readonly client: KubeClient;
  readonly placement: DynoPlacement;
  /** Who reaches dynos, and whom they reach. */
  readonly fence: Omit<SpaceWishes["fence"], "nameservers">;
  /** How much the namespace may hold. Default: `ORDINARY_LIMITS`. */
  readonly limits?: SpaceWishes["limits"];
  /** Where lines about dynos go. */
  readonly logs?: LogSink;
  /** Which part of the work is this process's. Default `all`. */
  readonly duty?: DynoDuty;
  /**
   * Given where agents on the nodes read what dynos put out: resolves when all that these runs of pods wrote, each
   * `<pod's uid>/<run>`, is in the log. Missing: the process with the duty `tell` reads it.
   */
  readonly outputTold?: (runs: readonly string[], signal: AbortSignal) => Promise<unknown>;
  readonly logger: Logger;
  readonly now: Clock;
  /** Everything is compared anew so often. */
  readonly relistMs?: number;
}

/**
 * How processes on one namespace share the work. Any number may do each part but `tell`, which is one process's at a time:
 * - `all`: everything below.
 * - `keep`: makes objects what the records say.
 * - `tell`: writes what dynos put out and what becomes of them to the log, and ends those whose time is over.
 * - `view`: knows how dynos fare and acts on single ones. It reads no Secret.
 * - `route`: knows where dynos are.
 */
export type DynoDuty = "all" | "keep" | "tell" | "view" | "route";

const SEEN: Partial<Record<DynoDuty, readonly KubeKind[]>> = { view: VIEWED_KINDS, route: ROUTED_KINDS };

const RELIST_MS = 30_000;
const CONCURRENCY = 16;

export type DynoWatcher = (dyno: BoardDyno) => void;

/** The parts of the engine, joined. */
export interface DynoEngine {
  readonly options: KubernetesDynoHostOptions;
  readonly board: DynoBoard;
  readonly space: SpaceObjects;
  readonly writer: ObjectWriter;
  readonly told: ToldSpecs;
  readonly turns: Turns;
  readonly reconciler: Reconciler;
  readonly watchers: Set<DynoWatcher>;
  readonly reconcile: (appId: string) => Promise<Outcome>;
  readonly logs: PodLogs | undefined;
  readonly lines: LinesInOrder | undefined;
}

/** Begins to watch; nothing is said in the log of what is found at first. */
export function startDynoEngine(options: KubernetesDynoHostOptions, signal: AbortSignal): DynoEngine {
  const { client, logger, placement, now } = options;
  const { namespace } = placement;
  const writer = makeObjectWriter({ client, namespace, signal });
  const told: ToldSpecs = new Map();
  const turns = makeTurns();
  const watchers = new Set<DynoWatcher>();
  const { duty = "all", logs: sink, outputTold } = options;
  const keeps = duty === "all" || duty === "keep";
  const tells = duty === "all" || duty === "tell";
  const logs = sink && tells && !outputTold ? makePodLogs({ client, namespace, logger, sink }) : undefined;
  const lines = sink && makeLinesInOrder(sink);
  const startedAt = now();
  let isOpen = false;
  const untilTold = async (dyno: BoardDyno, limit: AbortSignal) =>
    await (outputTold ? outputTold(endedRuns(dyno.sight.runs), limit) : logs?.told(dyno));
  const write = ({ sight }: BoardDyno, message: string, after?: Awaited) => {
    const { id, appId, name } = sight.entry;
    lines?.write(id, { appId, time: now(), source: "heroku", process: name, message }, after);
  };
  const board = makeDynoBoard({
    now,
    tell: (dyno, message, isEnd) => {
      if (tells) write(dyno, message, isEnd ? (limit) => untilTold(dyno, limit) : undefined);
    },
    say: (dyno, message) => write(dyno, message),
    told: (id) => told.get(id)?.spec,
    needsBody: duty === "tell",
    onSeen: (dyno) => {
      logs?.see(dyno, isOpen ? undefined : startedAt);
      for (const watcher of [...watchers]) watcher(dyno);
    },
    onOverdue: (dyno, why) => {
      if (tells) void endOverdue({ board, writer, logger }, dyno, why);
    },
  });
  let look: Pick<Reconciler, "poke" | "remind"> = { poke: () => {}, remind: () => {} };
  const space = watchSpace({
    ...{ client, namespace, logger },
    kinds: SEEN[duty],
    onChange: (appId, why) => {
      board.look(appId, space.of(appId));
      (why === "changed" ? look.poke : look.remind)(appId);
    },
    onRecordLost: (record) => {
      if (!keeps) return;
      void turns
        .take(record.appId, () => writer.create(makeAppObject(record, { namespace })))
        .then(
          (made) => made && space.take(made),
          (error) => logger.warn("an app's record was removed and cannot be made again", { error }),
        );
    },
  });
  const reconcile = (appId: string) =>
    reconcileDynos(
      {
        ...{ space, board, writer, placement, told, logger },
        refresh: async (id) => void (await readRecord({ client, namespace, space }, id)),
        now: () => now().getTime(),
      },
      appId,
    );
  const reconciler = startReconciler({
    name: "dynos",
    reconcile: async (appId) => (keeps ? await turns.take(appId, () => reconcile(appId)) : done),
    list: async () => {
      await space.ready;
      return keeps ? [...space.appIds()] : [];
    },
    concurrency: CONCURRENCY,
    relistMs: options.relistMs ?? RELIST_MS,
    logger,
  });
  look = reconciler;
  void space.ready.then(() => {
    isOpen = true;
  });
  return { options, board, space, writer, told, turns, reconciler, watchers, reconcile, logs, lines };
}
