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
import { type DynoTeller, makeDynoTeller } from "./dyno-teller.ts";
import { endOverdue } from "./end-overdue.ts";
import { makeObjectWriter, type ObjectWriter, type ToldSpecs } from "./object-writer.ts";
import { makePodLogs } from "./pod-logs.ts";
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
   * `<pod's uid>/<run>`, is in the log. Missing: the process that tells reads it.
   */
  readonly outputTold?: (runs: readonly string[], signal: AbortSignal) => Promise<unknown>;
  readonly logger: Logger;
  readonly now: Clock;
  /** Everything is compared anew so often. */
  readonly relistMs?: number;
}

/**
 * How processes on one namespace share the work; any number may do each part:
 * - `all`: everything there is to do, by the only process that does it.
 * - `keep`: makes objects what the records say. One of these at a time is told to tell, and one to care for lost nodes.
 * - `view`: knows how dynos fare and acts on single ones. It reads no Secret.
 * - `route`: knows where dynos are.
 */
export type DynoDuty = "all" | "keep" | "view" | "route";

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
  readonly teller: DynoTeller;
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
  let isOpen = false;
  const teller: DynoTeller = makeDynoTeller({
    ...{ sink, outputTold, now },
    readOutput: sink && !outputTold ? () => makePodLogs({ client, namespace, logger, sink }) : undefined,
    dynos: () => board.all(),
    end: (dyno, why) => void endOverdue({ board, writer, logger }, dyno, why),
  });
  const board: DynoBoard = makeDynoBoard({
    now,
    tell: (dyno, message, isEnd) => teller.tell(dyno, message, isEnd),
    say: (dyno, message) => teller.say(dyno, message),
    told: (id) => told.get(id)?.spec,
    needsBody: keeps,
    onSeen: (dyno) => {
      teller.see(dyno, !isOpen);
      for (const watcher of [...watchers]) watcher(dyno);
    },
    onOverdue: (dyno, why) => teller.overdue(dyno, why),
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
  return { options, board, space, writer, told, turns, reconciler, watchers, reconcile, teller };
}
