import type { EndpointSource } from "../../../edge/route/index.ts";
import { notFound, type Running } from "../../../kernel/index.ts";
import {
  type DynoHost,
  type DynoSpec,
  type RunOptions,
  dynoTexts as texts,
} from "../../../runtime/dyno/index.ts";
import { KIND } from "../client/index.ts";
import { applyApp } from "./apply-app.ts";
import { attachDyno } from "./attach-dyno.ts";
import { type DynoEngine, type KubernetesDynoHostOptions, startDynoEngine } from "./dyno-engine.ts";
import { dynoObjectName } from "./dyno-labels.ts";
import { makeDynoSecret, makeOneOffPod } from "./dyno-manifests.ts";
import type { BoardDyno } from "./dyno-sight.ts";
import { enterDyno } from "./enter-dyno.ts";
import { keepSpace } from "./keep-space.ts";
import { currentRun } from "./pod-run.ts";
import { startNodeCare } from "./replace-lost.ts";
import { ORDINARY_LIMITS } from "./space-namespace.ts";

/** The dynos of one namespace of a cluster, and what the router must know of them. */
export interface KubernetesDynoHost extends Running {
  readonly dynos: DynoHost;
  readonly endpoints: EndpointSource;
  /** Begins to start dynos of lost nodes elsewhere: in one process with the duty `keep` at a time; with `all` it is done. */
  replaceLost(): Running;
  /**
   * Begins to write to the log what becomes of dynos, and to end those whose time is over: in one process with the duty
   * `keep` at a time; with `all` it is done.
   */
  tell(): Running;
}

/**
 * Watches the namespace, and serves the port; makes the namespace and its fence where this process keeps them. `stop` ends
 * the watching only: what runs goes on, and the cluster starts again what ends.
 */
export async function startKubernetesDynoHost(
  options: KubernetesDynoHostOptions,
): Promise<KubernetesDynoHost> {
  const stopping = new AbortController();
  const { duty = "all" } = options;
  const keeps = duty === "all" || duty === "keep";
  const kept = keeps ? await keepSpaceOf(options, stopping.signal) : undefined;
  const engine = startDynoEngine(options, stopping.signal);
  const { board, space, teller } = engine;
  // From the first moment on: what a dyno writes while the lists come is told.
  if (duty === "all") teller.begin();
  await space.ready;
  board.opened();
  const care = keeps ? startNodeCare({ space, writer: engine.writer, logger: options.logger }) : undefined;
  if (duty === "all") care?.act();
  return {
    replaceLost: () => care?.act() ?? { stop: async () => {} },
    tell: () => teller.begin(),
    dynos: makeDynoHost(engine),
    endpoints: { watch: (signal) => board.broadcast.watchEndpoints(signal) },
    stop: async () => {
      stopping.abort();
      await care?.stop();
      await kept?.stop();
      await engine.reconciler.stop();
      await space.stop();
      await teller.stop();
      board.close();
    },
  };
}

function keepSpaceOf(options: KubernetesDynoHostOptions, signal: AbortSignal): Promise<Running> {
  const { client, placement, fence, limits = ORDINARY_LIMITS, logger } = options;
  const { namespace, nameservers } = placement;
  const wishes = { namespace, fence: { ...fence, nameservers }, limits };
  return keepSpace({ client, wishes, logger }, signal);
}

function makeDynoHost(engine: DynoEngine): DynoHost {
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
    runInside: (dynoId, command) => enterDyno({ client, namespace, board, logger }, dynoId, command),
    stop: end,
    watch: (signal) => board.broadcast.watchDynos(signal),
  };
}

async function runOneOff(
  { options, space, writer }: DynoEngine,
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
  { board, watchers }: DynoEngine,
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
