import { findApp, listAppIds } from "../apps/app/index.ts";
import { type Build, followUp, listAppsWithBuilds, reconcileBuilds } from "../delivery/build/index.ts";
import { listAppsWithPending, reconcileReleases } from "../delivery/release/index.ts";
import { reconcileRoute, replaceRoutes } from "../edge/route/index.ts";
import {
  type Claim,
  type EventKind,
  errorText,
  type Outcome,
  pause,
  type Reconciler,
  type Running,
  startReconciler,
  waiting,
} from "../kernel/index.ts";
import {
  listAppsWithDynos,
  listAppsWithFormation,
  makeDeployVerifier,
  reconcileFormation,
} from "../runtime/formation/index.ts";
import { listAllOneOffs, makeReleaseCommand, reconcileOneOffs } from "../runtime/one-off/index.ts";
import type { ControlContext } from "./control-context.ts";
import type { ControlEngine } from "./control-engine.ts";

export interface ControlWorkers extends Running {
  /** Something happened to an app: those who may have work because of it look at it. */
  hint(kind: EventKind, appId: string): void;
  /** An app's dynos were seen to change. */
  dynosChanged(appId: string): void;
}

/** Builds at once on this machine; each has its own ceiling of memory and processor. */
const BUILDS_AT_ONCE = 2;
const BUILD_SECONDS = 15 * 60;
const WARM_SECONDS = 600;
/** Dynos of one app that may be kept warm. */
const WARM_BUDGET = 10;
const RELIST_MS = 30_000;

/** The reconcilers, and what hints them. */
export function startControlWorkers(context: ControlContext, engine: ControlEngine): ControlWorkers {
  const stopping = new AbortController();
  const { logger, db } = context;
  const start = (
    name: string,
    options: { concurrency: number } & Pick<Parameters<typeof startReconciler>[0], "list" | "reconcile">,
  ) => startReconciler({ ...options, name, relistMs: RELIST_MS, logger });
  const nextVersion = makeVersions();
  const routeDeps = { db, table: engine.routes, domain: context.config.domain, nextVersion };
  const reconcilers = {
    builds: start("builds", {
      concurrency: BUILDS_AT_ONCE,
      list: () => listAppsWithBuilds(db),
      reconcile: buildRound(context, engine, { nextVersion, stopping: stopping.signal }),
    }),
    releases: start("releases", {
      concurrency: 20,
      list: () => listAppsWithPending(db),
      reconcile: releaseRound(context, engine),
    }),
    formation: start("formation", {
      concurrency: 8,
      list: () => listRunning(context, engine),
      reconcile: formationRound(context, engine),
    }),
    oneOffs: start("one-offs", {
      concurrency: 4,
      list: async () => [...new Set((await listAllOneOffs(db)).map(({ appId }) => appId))],
      reconcile: (appId) => reconcileOneOffs(appId, { ...context, watch: engine.watch }),
    }),
    routes: start("routes", {
      concurrency: 8,
      list: async () => [],
      reconcile: (appId) => reconcileRoute(appId, routeDeps),
    }),
  };
  const handing = handAllRoutes(() => listAppIds(db), { routeDeps, context, signal: stopping.signal });
  return {
    hint: (kind, appId) => {
      for (const name of INTERESTED[kind] ?? []) reconcilers[name].poke(appId);
    },
    dynosChanged: (appId) => {
      reconcilers.formation.poke(appId);
      reconcilers.oneOffs.poke(appId);
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([
        handing,
        ...Object.values(reconcilers).map((reconciler: Reconciler) => reconciler.stop()),
      ]);
    },
  };
}

/** Who may have work after which event. */
const INTERESTED: Readonly<Record<EventKind, readonly ("builds" | "releases" | "formation" | "routes")[]>> = {
  "app.created": ["routes"],
  "app.updated": ["routes", "formation"],
  "app.deleted": ["routes", "formation"],
  "collaborator.added": [],
  "collaborator.removed": [],
  "build.created": ["builds"],
  "build.cancelled": ["builds"],
  "build.finished": [],
  "release.created": ["releases"],
  "release.succeeded": ["formation", "routes", "releases"],
  "release.failed": ["releases"],
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

/** Runs a round while this process holds the claim on its subject, and renews the claim meanwhile. */
async function claimed(
  context: ControlContext,
  subject: string,
  round: (claim: Claim) => Promise<Outcome>,
): Promise<Outcome> {
  const claim = await context.claim(subject);
  if (!claim) return waiting("claimed", "Another process does this.", 5_000);
  const renewing = setInterval(() => {
    context
      .claim(subject)
      .catch((thrown) => context.logger.debug("a claim could not be renewed", { error: errorText(thrown) }));
  }, 5_000);
  try {
    return await round(claim);
  } finally {
    clearInterval(renewing);
  }
}

function buildRound(
  context: ControlContext,
  engine: ControlEngine,
  { nextVersion, stopping }: { nextVersion: () => number; stopping: AbortSignal },
) {
  const routeDeps = { db: context.db, table: engine.routes, domain: context.config.domain, nextVersion };
  const verifier = makeDeployVerifier({ db: context.db, watch: engine.watch });
  const followDeps = {
    ...context,
    verifier: {
      // A push that says `done` must find its visitors a way: the router has the route when it does.
      verify: async (...given: Parameters<typeof verifier.verify>) => {
        const verdict = await verifier.verify(...given);
        await reconcileRoute(given[0].appId, routeDeps);
        return verdict;
      },
    },
    webUrlOf: async (appId: string) => {
      const app = await findApp(context.db, appId);
      return app && context.webUrl(app.name);
    },
  };
  const deps = {
    ...context,
    builder: engine.builder,
    fetchSource: engine.fetchSource,
    moveRef: engine.repositories.moveRef,
    timeoutSeconds: BUILD_SECONDS,
    followUp: onceAtATime((build: Build) => followUp(build, followDeps, stopping)),
  };
  return (appId: string, signal: AbortSignal) =>
    claimed(context, `builds:${appId}`, () => reconcileBuilds(appId, deps, signal));
}

/** Starts the work for a thing unless it is under way. */
function onceAtATime<T extends { readonly id: string }>(work: (on: T) => Promise<void>): (on: T) => void {
  const underWay = new Set<string>();
  return (on) => {
    if (underWay.has(on.id)) return;
    underWay.add(on.id);
    void work(on).finally(() => underWay.delete(on.id));
  };
}

function releaseRound(context: ControlContext, engine: ControlEngine) {
  const command = makeReleaseCommand({ ...engine.oneOffs, watch: engine.watch, logs: context.logs.reader });
  const deps = { ...context, command };
  return (appId: string, signal: AbortSignal) =>
    claimed(context, `releases:${appId}`, () => reconcileReleases(appId, deps, signal));
}

function formationRound(context: ControlContext, engine: ControlEngine) {
  const deps = {
    ...context,
    host: engine.host,
    watch: engine.watch,
    claim: (appId: string) => context.claim(`dynos:${appId}`),
    applied: new Map<string, string>(),
    warmSeconds: WARM_SECONDS,
    warmBudget: WARM_BUDGET,
  };
  return (appId: string) => reconcileFormation(appId, deps);
}

/** Apps that should run something, and apps that do. */
async function listRunning({ db }: ControlContext, engine: ControlEngine): Promise<readonly string[]> {
  const recorded = [await listAppsWithFormation(db), await listAppsWithDynos(db), engine.watch.appIds()];
  return [...new Set(recorded.flat())];
}

/** At start the router gets all routes at once; until it has them, again and again. Later changes go one by one. */
async function handAllRoutes(
  list: () => Promise<readonly string[]>,
  {
    routeDeps,
    context,
    signal,
  }: { routeDeps: Parameters<typeof replaceRoutes>[1]; context: ControlContext; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    try {
      return await replaceRoutes(await list(), routeDeps);
    } catch (thrown) {
      context.logger.debug("the router does not take routes yet", { error: errorText(thrown) });
      await pause(200, signal);
    }
  }
}
