import { findApp } from "../apps/app/index.ts";
import { type Build, followUp, listAppsWithBuilds, reconcileBuilds } from "../delivery/build/index.ts";
import {
  listAppsUnderWay,
  listRunningPasses,
  reconcilePass,
  reconcileRebase,
} from "../delivery/rebase/index.ts";
import { listAppsWithPending, reconcileReleases } from "../delivery/release/index.ts";
import { listStaleRoutes, reconcileRoute, replaceRoutes, type ToldRoute } from "../edge/route/index.ts";
import {
  type Claim,
  type EventKind,
  errorText,
  type Outcome,
  pause,
  type Reconciler,
  type ReconcilerOptions,
  type Running,
  startReconciler,
} from "../kernel/index.ts";
import {
  listFormation,
  listFormationMarks,
  makeAppHealth,
  makeCyclingPace,
  makeDeployVerifier,
  makeFormationLedger,
  makeSettledApps,
  reconcileFormation,
} from "../runtime/formation/index.ts";
import { listAppsWithOneOffs, makeReleaseCommand, reconcileOneOffs } from "../runtime/one-off/index.ts";
import { claimedRound, onceAtATime, whileHeld } from "./claimed-work.ts";
import type { ControlContext } from "./control-context.ts";
import type { DynoListener, WorkerEngine } from "./control-engine.ts";
import { type TracedRounds, traceRounds } from "./trace-work.ts";
import { measureBuilds, measureRounds, tellWork } from "./worker-metrics.ts";

export interface ControlWorkers extends Running {
  /** Something happened to an app, as part of a trace perhaps: those who may have work because of it look at it. */
  hint(kind: EventKind, appId: string, traceparent?: string): void;
  /** Hints may have been lost: everybody looks at everything. */
  relist(): void;
  /** An app's dynos were seen to change; when the engine returns, those of all apps may have. */
  readonly dynosChanged: DynoListener;
}

/** Builds that are followed at once. The engine runs as many as it has room for, and tells the others what they wait for. */
const BUILDS_AT_ONCE = 50;
/** Release commands that are followed at once; each may take an hour. */
const RELEASES_AT_ONCE = 50;
/** Apps that are just rebased or looked at; a pass says how many may be under way. */
const REBASES_AT_ONCE = 4;
const BUILD_SECONDS = 15 * 60;
const WARM_SECONDS = 600;
/** Dynos of one app that may be kept warm. */
const WARM_BUDGET = 10;
const RELIST_MS = 30_000;
const PASS_RELIST_MS = 2_000;

/** The reconcilers, and what hints them. */
export function startControlWorkers(context: ControlContext, engine: WorkerEngine): ControlWorkers {
  const stopping = new AbortController();
  const { db } = context;
  tellWork(context, engine.watch);
  const routes = routeDependencies(context, engine);
  const handing = handAllRoutes(routes, context, stopping.signal);
  const builds = buildRound(context, engine, { routes, stopping: stopping.signal });
  const rebasing = new Set<string>();
  const start = (
    name: string,
    options: Omit<ReconcilerOptions, "name" | "relistMs" | "logger"> & { readonly relistMs?: number },
  ) => {
    const whole = { relistMs: RELIST_MS, ...options, name, logger: context.logger };
    const { goOn, ...traced } = traceRounds(context.tracer, whole);
    return { ...startReconciler(measureRounds(context.meter, traced)), goOn };
  };
  const reconcilers: Readonly<Record<ReconcilerName, Reconciler & Pick<TracedRounds, "goOn">>> = {
    builds: start("builds", {
      concurrency: BUILDS_AT_ONCE,
      list: () => listAppsWithBuilds(db),
      reconcile: builds.reconcile,
    }),
    releases: start("releases", {
      concurrency: RELEASES_AT_ONCE,
      list: () => listAppsWithPending(db),
      reconcile: releaseRound(context, engine),
    }),
    formation: start("formation", {
      concurrency: 8,
      ...formationRound(context, engine),
    }),
    oneOffs: start("one-offs", {
      concurrency: 4,
      list: () => listAppsWithOneOffs(db),
      reconcile: (appId) => reconcileOneOffs(appId, { ...context, watch: engine.watch, host: engine.host }),
    }),
    routes: start("routes", {
      concurrency: 8,
      list: () => handing.then(() => listStaleRoutes(routes)),
      reconcile: (appId) => reconcileRoute(appId, routes),
    }),
    passes: start("rebase passes", {
      concurrency: 1,
      // No event tells of a pass; an operator who starts one watches it.
      relistMs: PASS_RELIST_MS,
      list: () => listRunningPasses(db),
      reconcile: (passId) =>
        reconcilePass(passId, { ...context, begun: (appId) => reconcilers.rebases.poke(appId) }),
    }),
    rebases: start("rebases", {
      concurrency: REBASES_AT_ONCE,
      list: () => listAppsUnderWay(db),
      reconcile: rebaseRound(context, engine, {
        underWay: rebasing,
        settled: (passId) => reconcilers.passes.poke(passId),
      }),
    }),
  };
  return {
    hint: (kind, appId, traceparent) => {
      for (const name of INTERESTED[kind] ?? []) {
        if (traceparent !== undefined) reconcilers[name].goOn(appId, traceparent);
        reconcilers[name].poke(appId);
      }
    },
    relist: () => {
      for (const reconciler of Object.values(reconcilers)) reconciler.relist();
    },
    dynosChanged: (appId, why) => {
      const { formation, oneOffs, rebases } = reconcilers;
      for (const interested of [formation, oneOffs, ...(rebasing.has(appId) ? [rebases] : [])])
        (why === "changed" ? interested.poke : interested.remind)(appId);
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(Object.values(reconcilers).map((reconciler) => reconciler.stop()));
      await Promise.all([handing, builds.told()]);
    },
  };
}

type ReconcilerName = "builds" | "releases" | "formation" | "oneOffs" | "routes" | "passes" | "rebases";

/** Who may have work after which event. */
const INTERESTED: Readonly<Record<EventKind, readonly ReconcilerName[]>> = {
  "app.created": ["routes"],
  "app.updated": ["routes", "formation"],
  "app.deleted": ["routes", "formation", "oneOffs"],
  "collaborator.added": [],
  "collaborator.removed": [],
  "build.created": ["builds"],
  "build.cancelled": ["builds"],
  "build.finished": [],
  "release.created": ["releases"],
  "release.succeeded": ["formation", "routes", "releases"],
  "release.failed": ["releases"],
  "release.touched": [],
  "formation.changed": ["formation", "routes"],
  "dynos.changed": ["formation"],
};

/** Grows over restarts too: the clock's microseconds, or one more than the last. */
function makeVersions(): () => number {
  let last = 0;
  return () => {
    last = Math.max(last + 1, Date.now() * 1_000);
    return last;
  };
}

/** One for all who write routes, so that each knows what the router was told last. */
function routeDependencies({ db, config }: ControlContext, { routes: table }: WorkerEngine) {
  const told = new Map<string, ToldRoute>();
  return { db, table, domain: config.domain, nextVersion: makeVersions(), told };
}

type RouteDependencies = ReturnType<typeof routeDependencies>;

function buildRound(
  context: ControlContext,
  engine: WorkerEngine,
  { routes, stopping }: { readonly routes: RouteDependencies; readonly stopping: AbortSignal },
) {
  const routedTo = async (appId: string) => {
    const endpoints = await engine.routes.endpoints(appId).catch(() => undefined);
    return endpoints?.map(({ dynoId }) => dynoId);
  };
  const verifier = makeDeployVerifier({ db: context.db, watch: engine.watch, routedTo });
  const followDeps = {
    ...context,
    verifier: {
      // A push that says `done` must find its visitors a way: the router has the route when it does.
      verify: async (...given: Parameters<typeof verifier.verify>) => {
        const verdict = await verifier.verify(...given);
        // A router that is away gets it later; the release stands.
        await reconcileRoute(given[0].appId, routes).catch((thrown) => {
          context.logger.info("a route could not be written yet", { error: errorText(thrown) });
        });
        return verdict;
      },
    },
    webUrlOf: async (appId: string) => {
      const app = await findApp(context.db, appId);
      return app && context.webUrl(app.name);
    },
  };
  const telling = onceAtATime(({ claim, build }: { readonly claim: Claim; readonly build: Build }) =>
    whileHeld(context, { subject: claim.subject, stopping, claim }, (signal) =>
      followUp(build, { ...followDeps, claim }, signal),
    ),
  );
  const deps = {
    ...context,
    builder: measureBuilds(engine.builder, context.meter),
    fetchSource: engine.fetchSource,
    cutSource: engine.cutSource,
    attest: engine.attest,
    repositories: engine.repositories,
    timeoutSeconds: BUILD_SECONDS,
  };
  return {
    reconcile: (appId: string, signal: AbortSignal) =>
      claimedRound(context, { subject: `builds:${appId}`, stopping: signal }, (claim, held) => {
        const tell = (build: Build) => telling.start(build.id, { claim, build });
        return reconcileBuilds(appId, { ...deps, claim, followUp: tell }, held);
      }),
    told: telling.ended,
  };
}

function releaseRound(context: ControlContext, engine: WorkerEngine) {
  const { db, logger, logs, holdClaim } = context;
  const command = makeReleaseCommand({
    ...engine.oneOffs,
    watch: engine.watch,
    logs: logs.reader,
    logger,
    holdClaim,
    sizeOfWeb: async (appId) => (await listFormation(db, appId)).find(({ type }) => type === "web")?.size,
  });
  const deps = { ...context, command };
  return (appId: string, signal: AbortSignal) =>
    claimedRound(context, { subject: `releases:${appId}`, stopping: signal }, (claim, held) =>
      reconcileReleases(appId, { ...deps, claim }, held),
    );
}

/** `underWay` has the apps that this process looks after. */
function rebaseRound(
  context: ControlContext,
  engine: WorkerEngine,
  { underWay, settled }: { readonly underWay: Set<string>; readonly settled: (passId: string) => void },
) {
  const health = makeAppHealth({ db: context.db, watch: engine.watch });
  const deps = { ...context, ...engine.rebases, health, settled };
  return async (appId: string, signal: AbortSignal): Promise<Outcome> => {
    underWay.add(appId);
    const work = { subject: `rebase:${appId}`, stopping: signal };
    const outcome = await claimedRound(context, work, () => reconcileRebase(appId, deps));
    if (outcome.kind === "done") underWay.delete(appId);
    return outcome;
  };
}

function formationRound(context: ControlContext, engine: WorkerEngine) {
  const { watch } = engine;
  const ledger = makeFormationLedger({
    ...context,
    watch,
    // A cluster's scheduler knows what its nodes have.
    freeMemory: () =>
      context.config.engine === "kubernetes" ? Number.POSITIVE_INFINITY : process.availableMemory(),
    warmSeconds: WARM_SECONDS,
    warmBudget: WARM_BUDGET,
  });
  const deps = {
    ledger,
    watch,
    host: engine.host,
    clock: context.clock,
    claim: (appId: string) => context.claim(`dynos:${appId}`),
    logs: context.logs.sink,
    applied: new Map<string, string>(),
    ...(context.config.dailyCycling ? { cycling: makeCyclingPace() } : {}),
  };
  const marks = () => listFormationMarks({ db: context.db, watch });
  const apps = makeSettledApps({ marks, clock: context.clock, start: context.random() });
  return {
    list: apps.list,
    reconcile: (appId: string) =>
      apps.look(appId, (handed) => reconcileFormation(appId, { ...deps, handed })),
  };
}

/** At start the router gets all routes at once; until it has them, again and again. Later changes go one by one. */
async function handAllRoutes(
  routes: RouteDependencies,
  { logger }: ControlContext,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      return await replaceRoutes(routes);
    } catch (thrown) {
      logger.debug("the router does not take routes yet", { error: errorText(thrown) });
      await pause(200, signal);
    }
  }
}
