import { join } from "node:path";
import type { LogSink } from "../../../kernel/index.ts";
import type { BudgetedLogSink } from "../../../observe/log/index.ts";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import type { AttachSession } from "./attach-session.ts";
import { type DynoBroadcast, makeDynoBroadcast } from "./dyno-broadcast.ts";
import {
  type DynoEffect,
  type DynoEvent,
  type DynoMachine,
  type DynoStep,
  newDyno,
  nextLook,
} from "./dyno-machine.ts";
import { beginRun, type DynoRun, type RunDependencies } from "./dyno-run.ts";
import { firstStep, stepDyno } from "./step-dyno.ts";

/** A dyno the host has: what it does, and its process. */
export interface RosterDyno {
  readonly machine: DynoMachine;
  /** Whether it was made for a terminal. */
  readonly terminal: boolean;
}

export interface NewDyno {
  readonly oneOff?: boolean;
  /** When a one-off dyno's time is over, in milliseconds since the epoch. */
  readonly endAt?: number;
  readonly attach?: { readonly terminal?: { readonly columns: number; readonly rows: number } };
  /** Known to have died with an earlier host, and not worth a start. */
  readonly dead?: boolean;
}

/** All dynos of this host. Carries out what the rules say and tells watchers. */
export interface DynoRoster {
  readonly broadcast: DynoBroadcast;
  add(spec: DynoSpec, options?: NewDyno): void;
  send(dynoId: string, event: DynoEvent): void;
  setSession(dynoId: string, session: AttachSession): void;
  find(dynoId: string): RosterDyno | undefined;
  ofApp(appId: string): DynoMachine[];
  ids(): string[];
  /** Resolves when no dyno and no trace of one is left. */
  empty(): Promise<void>;
}

export interface RosterDependencies extends RunDependencies {
  readonly random: () => number;
  /** Folder of the dynos' writable layers. */
  readonly directory: string;
}

interface Entry {
  machine: DynoMachine;
  run?: DynoRun;
  timer?: NodeJS.Timeout;
  session?: AttachSession;
  readonly terminal: { readonly columns: number; readonly rows: number } | undefined;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function makeDynoRoster(deps: RosterDependencies): DynoRoster {
  const dynos = new Map<string, Entry>();
  const going = new Set<Promise<void>>();
  let runs = 0;
  const machines = () => [...dynos.values()].map(({ machine }) => machine);
  const ofApp = (appId: string) => machines().filter(({ spec }) => spec.appId === appId);
  const broadcast = makeDynoBroadcast({ all: machines, ofApp });
  const context = () => ({ now: deps.now().getTime(), random: deps.random() });

  const send = (entry: Entry, event: DynoEvent) =>
    accept(entry, stepDyno(entry.machine, event, context()), entry.machine);
  const accept = (entry: Entry, step: DynoStep, before: DynoMachine | undefined) => {
    entry.machine = step.machine;
    for (const effect of step.effects) perform(entry, effect);
    if (entry.machine.phase.kind === "ended") forget(entry);
    schedule(entry);
    broadcast.changed(before, entry.machine);
  };
  const forget = (entry: Entry) => {
    const { id } = entry.machine.spec;
    entry.session?.end();
    if (dynos.get(id) === entry) dynos.delete(id);
  };
  const schedule = (entry: Entry) => {
    clearTimeout(entry.timer);
    const at = nextLook(entry.machine);
    if (at === undefined) return;
    const ms = Math.min(LONGEST_TIMER_MS, Math.max(0, at - deps.now().getTime()));
    entry.timer = setTimeout(() => send(entry, { kind: "tick" }), ms);
  };
  const perform = (entry: Entry, effect: DynoEffect) => {
    const { spec } = entry.machine;
    switch (effect.do) {
      case "log":
        return deps.logs.write({
          appId: spec.appId,
          time: deps.now(),
          source: "heroku",
          process: spec.name,
          message: effect.message,
        });
      case "start":
        return begin(entry);
      case "signal":
        return entry.run?.signal(effect.name);
      case "kill":
        return entry.run?.kill();
      case "thaw":
        return entry.run?.thaw();
      case "freeze":
        return void entry.run?.freeze().then(
          (kind) => kind && send(entry, { kind }),
          (error) => deps.logger.warn("a warm dyno could not be frozen", { dyno: spec.id, error }),
        );
    }
  };
  const begin = (entry: Entry) => {
    const { spec } = entry.machine;
    const sandboxId = `${spec.id}-${(++runs).toString(36)}`;
    const run = beginRun(deps, {
      spec,
      sandboxId,
      directory: join(deps.directory, sandboxId),
      sink: renamed(deps.logs, () => entry.machine.spec.name),
      ...(entry.session ? { session: entry.session } : {}),
      ...(entry.terminal ? { terminal: entry.terminal } : {}),
      // What a run says that is no longer the dyno's own concerns nobody.
      tell: (event) => entry.run === run && send(entry, event),
    });
    entry.run = run;
    going.add(run.gone);
    void run.gone.then(() => going.delete(run.gone));
  };
  return {
    broadcast,
    add: (spec, options = {}) => {
      const { now } = context();
      const { endAt, oneOff = false } = options;
      const made = { ...newDyno(spec, { now, oneOff }), ...(endAt === undefined ? {} : { endAt }) };
      const entry: Entry = { machine: made, terminal: options.attach?.terminal };
      dynos.set(spec.id, entry);
      if (options.dead) entry.machine = { ...made, phase: { kind: "crashed", reason: "platform" } };
      const step = options.dead
        ? { machine: entry.machine, effects: [] }
        : firstStep(made, { ...context(), attach: options.attach !== undefined });
      accept(entry, step, undefined);
    },
    send: (dynoId, event) => {
      const entry = dynos.get(dynoId);
      if (entry) send(entry, event);
    },
    setSession: (dynoId, session) => {
      const entry = dynos.get(dynoId);
      if (entry) entry.session = session;
    },
    find: (dynoId) => {
      const entry = dynos.get(dynoId);
      return entry && { machine: entry.machine, terminal: entry.terminal !== undefined };
    },
    ofApp,
    ids: () => [...dynos.keys()],
    empty: async () => {
      while (going.size > 0) await Promise.all(going);
    },
  };
}

/** A sink that gives each line the name the dyno has at that moment. */
function renamed(sink: LogSink | BudgetedLogSink, name: () => string): LogSink | BudgetedLogSink {
  const write: LogSink["write"] = (line) => sink.write({ ...line, process: name() });
  if (!("hasRoom" in sink)) return { write };
  return {
    write,
    hasRoom: (appId) => sink.hasRoom(appId, name()),
    countDropped: (appId, _process, lines) => sink.countDropped(appId, name(), lines),
  };
}
