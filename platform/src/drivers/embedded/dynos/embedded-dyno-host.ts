import type { EndpointSource } from "../../../edge/route/index.ts";
import {
  type Claim,
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
  makeAttachSession,
  notUp,
} from "../../../runtime/dyno/index.ts";
import { stateOf } from "./dyno-machine.ts";
import { type DynoRoster, makeDynoRoster, type RosterDependencies } from "./dyno-roster.ts";
import { type HostJournal, openHostJournal } from "./host-journal.ts";
import { joinInside } from "./join-inside.ts";
import { planApply } from "./plan-apply.ts";

export interface EmbeddedDynoHostOptions extends RosterDependencies {
  /** Where the last desired dynos are kept, sealed. */
  readonly journalFile: string;
  readonly masterKey: MasterKey;
}

/** The dynos of this machine, and what the router must know of them. */
export interface EmbeddedDynoHost extends Running {
  readonly dynos: DynoHost;
  readonly endpoints: EndpointSource;
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
  const roster = makeDynoRoster(options);
  const state: HostState = { roster, journal, claims: new Map(), applying: new Map(), stopping: false };
  for (const { claim, dynos } of journal.entries.values()) {
    state.claims.set(claim.subject, claim.number);
    for (const spec of dynos) roster.add(spec, { dead: spec.duty === "warm" });
  }
  return {
    dynos: makeDynoHost(state, options),
    endpoints: { watch: (signal) => roster.broadcast.watchEndpoints(signal) },
    stop: () => shutDown(state),
  };
}

interface HostState {
  readonly roster: DynoRoster;
  readonly journal: HostJournal;
  /** The highest number seen of each claim. */
  readonly claims: Map<string, number>;
  /** The last call of each app under way. */
  readonly applying: Map<string, Promise<void>>;
  stopping: boolean;
}

function makeDynoHost(state: HostState, { now }: EmbeddedDynoHostOptions): DynoHost {
  const { roster } = state;
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
    for (const spec of plan.start) roster.add(spec);
    for (const id of plan.stop) roster.send(id, { kind: "dismissed" });
  });
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
  const { roster } = state;
  const specs = roster.ids().flatMap((id) => roster.find(id)?.machine.spec ?? []);
  for (const { id } of specs) roster.send(id, { kind: "shutdown" });
  const longest = Math.max(0, ...specs.map(({ stopSeconds }) => stopSeconds)) * 1_000 + AFTER_KILL_MS;
  const late = new AbortController();
  await Promise.race([roster.empty(), pause(longest, late.signal)]);
  late.abort();
  await state.journal.close();
}
