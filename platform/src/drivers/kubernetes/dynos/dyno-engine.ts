import {
  type Clock,
  type Logger,
  type LogSink,
  type Outcome,
  type Reconciler,
  startReconciler,
} from "../../../kernel/index.ts";
import type { KubeClient } from "../client/index.ts";
import { makeAppObject } from "./app-record.ts";
import { makeTurns, type Turns } from "./app-turns.ts";
import { readRecord } from "./apply-app.ts";
import { type DynoBoard, makeDynoBoard } from "./dyno-board.ts";
import type { DynoPlacement } from "./dyno-manifests.ts";
import type { BoardDyno } from "./dyno-sight.ts";
import { endOverdue } from "./end-overdue.ts";
import { type LinesInOrder, makeLinesInOrder } from "./lines-in-order.ts";
import { makeObjectWriter, type ObjectWriter, type ToldSpecs } from "./object-writer.ts";
import { makePodLogs, type PodLogs } from "./pod-logs.ts";
import { reconcileDynos } from "./reconcile-dynos.ts";
import { type SpaceObjects, watchSpace } from "./space-objects.ts";

export interface KubernetesDynoHostOptions {
  readonly client: KubeClient;
  readonly placement: DynoPlacement;
  /** Ranges from which the router reaches dynos. */
  readonly routerRanges: readonly string[];
  /** Where the dynos' lines go; undefined in a process beside the one that writes them. */
  readonly logs?: LogSink;
  readonly logger: Logger;
  readonly now: Clock;
  /** Everything is compared anew so often. */
  readonly relistMs?: number;
}

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
  const logs = options.logs && makePodLogs({ client, namespace, logger, sink: options.logs });
  const lines = options.logs && makeLinesInOrder(options.logs);
  const startedAt = now();
  let isOpen = false;
  const board = makeDynoBoard({
    now,
    tell: (dyno, message, isEnd) => {
      const { id, appId, name } = dyno.sight.entry;
      const line = { appId, time: now(), source: "heroku", process: name, message } as const;
      lines?.write(id, line, isEnd && logs ? () => logs.told(dyno) : undefined);
    },
    told: (id) => told.get(id)?.spec,
    onSeen: (dyno) => {
      logs?.see(dyno, isOpen ? undefined : startedAt);
      for (const watcher of [...watchers]) watcher(dyno);
    },
    onOverdue: (dyno, why) => void endOverdue({ board, writer, logger }, dyno, why),
  });
  let poke = (_appId: string) => {};
  const space = watchSpace({
    ...{ client, namespace, logger },
    onChange: (appId) => {
      board.look(appId, space.of(appId));
      poke(appId);
    },
    onRecordLost: (record) =>
      void turns
        .take(record.appId, () => writer.create(makeAppObject(record, { namespace })))
        .then(
          (made) => made && space.take(made),
          (error) => logger.warn("an app's record was removed and cannot be made again", { error }),
        ),
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
    reconcile: (appId) => turns.take(appId, () => reconcile(appId)),
    list: async () => {
      await space.ready;
      return [...space.appIds()];
    },
    concurrency: CONCURRENCY,
    relistMs: options.relistMs ?? RELIST_MS,
    logger,
  });
  poke = reconciler.poke;
  void space.ready.then(() => {
    isOpen = true;
  });
  return { options, board, space, writer, told, turns, reconciler, watchers, reconcile, logs, lines };
}
