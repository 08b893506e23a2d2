import type { EndpointSource, SleepingApps } from "../../../edge/route/index.ts";
import {
  type Claim,
  type Clock,
  conflict,
  type MasterKey,
  notFound,
  pause,
  type Running,
  StaleClaim,
} from "../../../kernel/index.ts";
import {
  type AppDynos,
  ATTACH_IDLE_MS,
  type DynoHost,
  type DynoSpec,
  makeAttachSession,
  notUp,
} from "../../../runtime/dyno/index.ts";
import { newDyno, stateOf } from "./dyno-machine.ts";
import { type DynoRoster, makeDynoRoster, type RosterDependencies } from "./dyno-roster.ts";
import { beginRun, type RunDependencies } from "./dyno-run.ts";
import { type HostJournal, openHostJournal } from "./host-journal.ts";
import { joinInside } from "./join-inside.ts";
import { planApply } from "./plan-apply.ts";
import { keepSleep, type SleepKeeper } from "./sleeping-apps.ts";

export interface EmbeddedDynoHostOptions
  extends RunDependencies,
    Omit<RosterDependencies, "begin" | "after"> {
  /** Where the last desired dynos are kept, sealed. */
  readonly journalFile: string;
  readonly masterKey: MasterKey;
  /** After how long without a request an app of a size that sleeps does, and where it is kept which do. */
  readonly sleep: { readonly idleMs: number; readonly file: string };
}

/** The dynos of this machine, and what the router must know of them. */
export interface EmbeddedDynoHost extends Running {
  readonly dynos: DynoHost;
  readonly endpoints: EndpointSource;
  readonly sleeping: SleepingApps;
}

/** A stop takes as long as the slowest dyno may take to end, and a little for the kernel. */
const AFTER_KILL_MS = 3_000;

/**
 * Removes what a killed predecessor left, starts again what was wanted last, and serves the port. `stop` sends SIGTERM
 * to every dyno at once and resolves when all have ended; what is wanted stays recorded.
 */
export async function startEmbeddedDynoHost(options: EmbeddedDynoHostOptions): Promise<EmbeddedDynoHost> {
  await options.sandboxes.removeRemains(options.directory);
  const journal = await openHostJournal({
    file: options.journalFile,
    masterKey: options.masterKey,
    logger: options.logger,
  });
  const roster = makeDynoRoster({ ...options, begin: (run) => beginRun(options, run) });
  const sleep = keepSleep(roster, { ...options, ...options.sleep });
  return takeUpDynos({ roster, journal, sleep, now: options.now });
}

/** What a host is put together of. */
export interface DynoHostParts {
  readonly roster: DynoRoster;
  readonly journal: HostJournal;
  readonly sleep: SleepKeeper;
  readonly now: Clock;
}

/** Starts what the journal wants, and does what is asked from then on. */
export function takeUpDynos(parts: DynoHostParts): EmbeddedDynoHost {
  const state: HostState = {
    ...parts,
    claims: new Map(),
    applying: new Map(),
    held: new Map(),
    stopping: false,
  };
  const { roster, journal, sleep } = state;
  roster.whenEnded((appId) => {
    if (!state.stopping) startInPlace(appId, state.held.get(appId) ?? [], state);
  });
  for (const { claim, dynos } of journal.entries.values()) {
    state.claims.set(claim.subject, claim.number);
    for (const spec of dynos) {
      const asleep = spec.sleeps === true && spec.duty !== "stand-by" && sleep.slept(spec.appId);
      roster.add(spec, { dead: spec.duty === "warm", asleep: asleep && spec.duty !== "warm" });
    }
  }
  return {
    dynos: makeDynoHost(state),
    endpoints: { watch: (signal) => roster.broadcast.watchEndpoints(signal) },
    sleeping: sleep,
    stop: () => shutDown(state),
  };
}

interface HostState extends DynoHostParts {
  /** The highest number seen of each claim. */
  readonly claims: Map<string, number>;
  /** The last call of each app under way. */
  readonly applying: Map<string, Promise<void>>;
  /** By app: dynos that start when another of their name has ended. */
  readonly held: Map<string, readonly DynoSpec[]>;
  stopping: boolean;
}

function makeDynoHost(state: HostState): DynoHost {
  const { roster, now } = state;
  return {
    apply: (app, claim) => inTurn(state, app.appId, () => apply(state, app, claim)),
    restart: async (dynoId) => {
      const dyno = roster.find(dynoId);
      if (!dyno || dyno.machine.oneOff) throw notFound("dyno");
      roster.send(dynoId, { kind: "restart" });
    },
    run: async (spec, { attach, terminal, lifetimeSeconds }) => {
      refuseWhileStopping(state);
      // The same one-off dyno asked for again is the one that runs already.
      if (roster.find(spec.id)) return;
      refuseWithoutRoom(spec, state);
      roster.add(spec, {
        oneOff: true,
        ...(lifetimeSeconds ? { endAt: now().getTime() + lifetimeSeconds * 1_000 } : {}),
        ...(attach ? { attach: terminal ? { terminal } : {} } : {}),
      });
    },
    attach: async (dynoId) => {
      const dyno = roster.find(dynoId);
      if (dyno?.machine.phase.kind !== "awaiting") throw notFound("dyno");
      const session = makeAttachSession({
        terminal: dyno.terminal,
        idleMs: ATTACH_IDLE_MS,
        onGone: (why) => roster.send(dynoId, { kind: "client-gone", why }),
      });
      roster.setSession(dynoId, session);
      roster.send(dynoId, { kind: "attached" });
      return session.client;
    },
    stop: async (dynoId) => {
      if (roster.find(dynoId)?.machine.oneOff) roster.send(dynoId, { kind: "dismissed" });
    },
    runInside: async (dynoId, command) => {
      const dyno = roster.find(dynoId);
      if (!dyno) throw notFound("dyno");
      const { machine } = dyno;
      if (machine.phase.kind !== "up") throw notUp(machine.spec.name, stateOf(machine).kind);
      const program = await roster.enter(dynoId, command);
      return joinInside(program, {
        terminal: command.terminal !== undefined,
        stopSeconds: machine.spec.stopSeconds,
      });
    },
    watch: (signal) => roster.broadcast.watchDynos(signal),
  };
}

/** Calls for one app one after another, in the order they came. */
async function inTurn(state: HostState, appId: string, work: () => Promise<void>): Promise<void> {
  const before = state.applying.get(appId) ?? Promise.resolve();
  const mine = before.catch(() => {}).then(work);
  state.applying.set(appId, mine);
  try {
    await mine;
  } finally {
    if (state.applying.get(appId) === mine) state.applying.delete(appId);
  }
}

async function apply(state: HostState, app: AppDynos, claim: Claim): Promise<void> {
  refuseWhileStopping(state);
  refuseStale(state, claim);
  state.claims.set(claim.subject, claim.number);
  await state.journal.write({ appId: app.appId, claim, dynos: app.dynos });
  refuseWhileStopping(state);
  const { roster } = state;
  const plan = planApply(app.dynos, roster.ofApp(app.appId));
  roster.broadcast.together(() => {
    for (const spec of plan.change) roster.send(spec.id, { kind: "spec", spec });
    state.held.delete(app.appId);
    const inPlace = plan.start.filter(({ duty }) => duty === "work");
    for (const spec of plan.start) if (spec.duty !== "work") roster.add(spec);
    if (plan.start.length > 0) wakeWith(plan.start, state);
    for (const id of plan.stop) roster.send(id, { kind: "dismissed" });
    startInPlace(app.appId, inPlace, state);
  });
}

/**
 * Starts dynos that only run alone: one whose name another has, because whoever asks had not yet heard of that one, is held
 * until it has ended.
 */
function startInPlace(appId: string, specs: readonly DynoSpec[], { roster, held }: HostState): void {
  if (specs.length === 0) return;
  const taken = new Set(roster.ofApp(appId).flatMap(({ spec, oneOff }) => (oneOff ? [] : [spec.name])));
  const later = specs.filter(({ name }) => taken.has(name));
  if (later.length > 0) held.set(appId, later);
  else held.delete(appId);
  for (const spec of specs) if (!taken.has(spec.name)) roster.add(spec);
}

/** Dynos that are new in an app that sleeps are wanted by somebody: those of the same release wake with them. */
function wakeWith(started: readonly DynoSpec[], { roster, sleep }: HostState): void {
  for (const { appId, releaseId } of started) {
    sleep.started(appId);
    for (const { spec } of roster.ofApp(appId))
      if (spec.releaseId === releaseId) roster.send(spec.id, { kind: "wake" });
  }
}

/** A one-off dyno is somebody's who waits for it: it is refused rather than kept. */
function refuseWithoutRoom(spec: DynoSpec, { roster }: HostState): void {
  const message = roster.noRoomFor(newDyno(spec, { now: 0, oneOff: true }));
  if (message !== undefined) throw conflict(message);
}

function refuseStale({ claims }: HostState, claim: Claim): void {
  const seen = claims.get(claim.subject);
  if (seen !== undefined && claim.number < seen) throw new StaleClaim(claim, seen);
}

function refuseWhileStopping({ stopping }: HostState): void {
  if (stopping) throw new Error("the dyno host is stopping");
}

async function shutDown(state: HostState): Promise<void> {
  if (state.stopping) return await state.roster.empty();
  state.stopping = true;
  await state.sleep.stop();
  const { roster } = state;
  const specs = roster.ids().flatMap((id) => roster.find(id)?.machine.spec ?? []);
  for (const { id } of specs) roster.send(id, { kind: "shutdown" });
  const longest = Math.max(0, ...specs.map(({ stopSeconds }) => stopSeconds)) * 1_000 + AFTER_KILL_MS;
  const late = new AbortController();
  await Promise.race([roster.empty(), pause(longest, late.signal)]);
  late.abort();
  await state.journal.close();
}
