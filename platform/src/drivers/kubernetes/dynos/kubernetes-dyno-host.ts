import type { EndpointSource } from "../../../edge/route/index.ts";
import {
  type Clock,
  errorText,
  type Logger,
  type LogSink,
  notFound,
  type Outcome,
  pause,
  type Reconciler,
  type Running,
  startReconciler,
} from "../../../kernel/index.ts";
import {
  type DynoHost,
  type DynoSpec,
  type RunOptions,
  dynoTexts as texts,
} from "../../../runtime/dyno/index.ts";
import { KIND, type KubeClient } from "../client/index.ts";
import { makeAppObject } from "./app-record.ts";
import { makeTurns, type Turns } from "./app-turns.ts";
import { applyApp, readRecord } from "./apply-app.ts";
import { attachDyno } from "./attach-dyno.ts";
import { type BoardDyno, type DynoBoard, makeDynoBoard } from "./dyno-board.ts";
import { dynoObjectName } from "./dyno-labels.ts";
import { type DynoPlacement, makeDynoSecret, makeOneOffPod } from "./dyno-manifests.ts";
import { makeObjectWriter, type ObjectWriter, type ToldSpecs } from "./object-writer.ts";
import { currentRun } from "./pod-run.ts";
import { reconcileDynos } from "./reconcile-dynos.ts";
import { ensureSpace } from "./space-namespace.ts";
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

/** The dynos of one namespace of a cluster, and what the router must know of them. */
export interface KubernetesDynoHost extends Running {
  readonly dynos: DynoHost;
  readonly endpoints: EndpointSource;
}

const RELIST_MS = 30_000;
const CONCURRENCY = 16;

/**
 * Watches the namespace, which it makes where it is missing, and serves the port. `stop` ends the watching only: what
 * runs goes on, and the cluster starts again what ends.
 */
export async function startKubernetesDynoHost(
  options: KubernetesDynoHostOptions,
): Promise<KubernetesDynoHost> {
  const stopping = new AbortController();
  const { namespace } = options.placement;
  await ensureSpace(
    options.client,
    { namespace, routerRanges: options.routerRanges },
    { signal: stopping.signal },
  );
  const engine = startEngine(options, stopping.signal);
  const { board, space } = engine;
  await space.ready;
  board.opened();
  return {
    dynos: makeDynoHost(engine),
    endpoints: { watch: (signal) => board.broadcast.watchEndpoints(signal) },
    stop: async () => {
      stopping.abort();
      await engine.reconciler.stop();
      await space.stop();
      board.close();
    },
  };
}

type Watcher = (dyno: BoardDyno) => void;

interface Engine {
  readonly options: KubernetesDynoHostOptions;
  readonly board: DynoBoard;
  readonly space: SpaceObjects;
  readonly writer: ObjectWriter;
  readonly told: ToldSpecs;
  readonly turns: Turns;
  readonly reconciler: Reconciler;
  readonly watchers: Set<Watcher>;
  readonly reconcile: (appId: string) => Promise<Outcome>;
}

function startEngine(options: KubernetesDynoHostOptions, signal: AbortSignal): Engine {
  const { client, logger, placement, now } = options;
  const { namespace } = placement;
  const writer = makeObjectWriter({ client, namespace, signal });
  const told: ToldSpecs = new Map();
  const turns = makeTurns();
  const watchers = new Set<Watcher>();
  const board = makeDynoBoard({
    ...{ logs: options.logs, now },
    told: (id) => told.get(id)?.spec,
    onSeen: (dyno) => {
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
  return { options, board, space, writer, told, turns, reconciler, watchers, reconcile };
}

function makeDynoHost(engine: Engine): DynoHost {
  const { board, options, space, turns, writer, told, reconcile, reconciler } = engine;
  const { client, placement, logger } = options;
  const { namespace } = placement;
  const end = async (dynoId: string) => {
    const dyno = board.find(dynoId);
    if (dyno?.sight.oneOff && dyno.state.kind !== "complete")
      await writer.remove(KIND.pod, dynoObjectName(dynoId));
  };
  return {
    apply: async (app, claim) => {
      const parts = { client, namespace, writer, space, told, reconcile };
      await turns.take(app.appId, () => applyApp(parts, app, claim));
      reconciler.poke(app.appId);
    },
    restart: async (dynoId) => {
      const dyno = board.find(dynoId);
      if (!dyno || dyno.sight.oneOff || !dyno.sight.wanted) throw notFound("dyno");
      const current = currentRun(dyno.sight.runs);
      if (!current || current.leavingSince !== undefined) return;
      board.say(dynoId, texts.restarting);
      await writer.remove(KIND.pod, current.pod);
    },
    run: (spec, runOptions) => runOneOff(engine, spec, runOptions),
    attach: (dynoId) =>
      attachDyno(
        {
          ...{ client, namespace, board, logger, end },
          untilRunning: async (id) => {
            const dyno = await until(engine, id, ({ state }) => state.kind !== "starting");
            return dyno.state.kind === "up";
          },
          untilComplete: async (id) =>
            void (await until(engine, id, ({ state }) => state.kind === "complete")),
          take: (pod) => space.take(pod),
        },
        dynoId,
      ),
    stop: end,
    watch: (signal) => board.broadcast.watchDynos(signal),
  };
}

async function runOneOff(
  { options, space, writer }: Engine,
  spec: DynoSpec,
  runOptions: RunOptions,
): Promise<void> {
  const { placement, client } = options;
  const { namespace } = placement;
  const made = await writer.create(makeDynoSecret(spec, { namespace, part: "one-off", claim: 0 }));
  const secret = made ?? (await client.get({ kind: KIND.secret, namespace }, dynoObjectName(spec.id)));
  space.take(secret);
  const { uid = "" } = secret.metadata;
  const pod = await writer.create(makeOneOffPod(spec, runOptions, placement, uid));
  if (pod) space.take(pod);
}

/** Resolves with the dyno once it satisfies the test; it is known and reaches an end in any case. */
function until(
  { board, watchers }: Engine,
  dynoId: string,
  test: (dyno: BoardDyno) => boolean,
): Promise<BoardDyno> {
  return new Promise((resolve) => {
    const watcher = (dyno: BoardDyno) => {
      if (dyno.sight.entry.id !== dynoId || !test(dyno)) return;
      watchers.delete(watcher);
      resolve(dyno);
    };
    watchers.add(watcher);
    const now = board.find(dynoId);
    if (now) watcher(now);
  });
}

/** A probe of the node ends a container that does not listen; should it not, the pod is replaced. */
const NODE_ENDS_IT_MS = 10_000;

async function endOverdue(
  { board, writer, logger }: Pick<Engine, "board" | "writer"> & { readonly logger: Logger },
  dyno: BoardDyno,
  why: "boot" | "client",
): Promise<void> {
  const { id } = dyno.sight.entry;
  const run = currentRun(dyno.sight.runs);
  if (!run) return;
  try {
    if (why === "client") {
      board.say(id, texts.attachError);
      return await writer.remove(KIND.pod, run.pod);
    }
    await pause(NODE_ENDS_IT_MS);
    const now = currentRun(board.find(id)?.sight.runs ?? []);
    if (now?.uid === run.uid && now.run === run.run && now.phase.kind === "running")
      await writer.remove(KIND.pod, run.pod);
  } catch (thrown) {
    logger.warn("a dyno whose time is over cannot be ended", { dyno: id, error: errorText(thrown) });
  }
}
