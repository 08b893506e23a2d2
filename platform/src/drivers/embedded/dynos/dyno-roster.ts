import { join } from "node:path";
import { type DynoBroadcast, makeDynoBroadcast } from "../../../edge/route/index.ts";
import type { LogSink } from "../../../kernel/index.ts";
import type { BudgetedLogSink } from "../../../observe/log/index.ts";
import type { AttachSession, DynoSpec, InsideCommand } from "../../../runtime/dyno/index.ts";
import type { EnteredProgram } from "../sandbox/index.ts";
import {
  type DynoEffect,
  type DynoEvent,
  type DynoMachine,
  type DynoStep,
  newDyno,
  nextLook,
  tellOf,
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
  /** As `DynoRun.enter`, of the dyno's present run. */
  enter(dynoId: string, command: InsideCommand): Promise<EnteredProgram>;
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
  return new Roster(deps);
}

class Roster implements DynoRoster {
  readonly broadcast: DynoBroadcast;
  readonly #deps: RosterDependencies;
  readonly #dynos = new Map<string, Entry>();
  readonly #going = new Set<Promise<void>>();
  #runs = 0;

  constructor(deps: RosterDependencies) {
    this.#deps = deps;
    this.broadcast = makeDynoBroadcast({
      all: () => this.#machines().map(tellOf),
      ofApp: (appId) => this.ofApp(appId).map(tellOf),
    });
  }

  add(spec: DynoSpec, options: NewDyno = {}): void {
    const { now } = this.#context();
    const { endAt, oneOff = false } = options;
    const made = { ...newDyno(spec, { now, oneOff }), ...(endAt === undefined ? {} : { endAt }) };
    const entry: Entry = { machine: made, terminal: options.attach?.terminal };
    this.#dynos.set(spec.id, entry);
    if (options.dead) entry.machine = { ...made, phase: { kind: "crashed", reason: "platform" } };
    const step = options.dead
      ? { machine: entry.machine, effects: [] }
      : firstStep(made, { ...this.#context(), attach: options.attach !== undefined });
    this.#accept(entry, step, undefined);
  }

  send(dynoId: string, event: DynoEvent): void {
    const entry = this.#dynos.get(dynoId);
    if (entry) this.#tell(entry, event);
  }

  setSession(dynoId: string, session: AttachSession): void {
    const entry = this.#dynos.get(dynoId);
    if (entry) entry.session = session;
  }

  find(dynoId: string): RosterDyno | undefined {
    const entry = this.#dynos.get(dynoId);
    return entry && { machine: entry.machine, terminal: entry.terminal !== undefined };
  }

  async enter(dynoId: string, command: InsideCommand): Promise<EnteredProgram> {
    const run = this.#dynos.get(dynoId)?.run;
    if (!run) throw new Error("the dyno has no process");
    return await run.enter(command);
  }

  ofApp(appId: string): DynoMachine[] {
    return this.#machines().filter(({ spec }) => spec.appId === appId);
  }

  ids(): string[] {
    return [...this.#dynos.keys()];
  }

  async empty(): Promise<void> {
    while (this.#going.size > 0) await Promise.all(this.#going);
  }

  #machines(): DynoMachine[] {
    return [...this.#dynos.values()].map(({ machine }) => machine);
  }

  #context() {
    return { now: this.#deps.now().getTime(), random: this.#deps.random() };
  }

  #tell(entry: Entry, event: DynoEvent): void {
    this.#accept(entry, stepDyno(entry.machine, event, this.#context()), entry.machine);
  }

  #accept(entry: Entry, step: DynoStep, before: DynoMachine | undefined): void {
    entry.machine = step.machine;
    for (const effect of step.effects) this.#perform(entry, effect);
    if (entry.machine.phase.kind === "ended") this.#forget(entry);
    this.#schedule(entry);
    if (before !== entry.machine)
      this.broadcast.changed(before && tellOf(before).observation, tellOf(entry.machine));
  }

  #forget(entry: Entry): void {
    const { id } = entry.machine.spec;
    entry.session?.end();
    if (this.#dynos.get(id) === entry) this.#dynos.delete(id);
  }

  #schedule(entry: Entry): void {
    clearTimeout(entry.timer);
    const at = nextLook(entry.machine);
    if (at === undefined) return;
    const ms = Math.min(LONGEST_TIMER_MS, Math.max(0, at - this.#deps.now().getTime()));
    entry.timer = setTimeout(() => this.#tell(entry, { kind: "tick" }), ms);
  }

  #perform(entry: Entry, effect: DynoEffect): void {
    const { run } = entry;
    if (effect.do === "log") this.#log(entry.machine.spec, effect.message);
    else if (effect.do === "start") this.#begin(entry);
    else if (effect.do === "signal") run?.signal(effect.name);
    else if (effect.do === "kill") run?.kill();
    else if (effect.do === "thaw") run?.thaw();
    else this.#freeze(entry);
  }

  #log({ appId, name }: DynoSpec, message: string): void {
    this.#deps.logs.write({ appId, time: this.#deps.now(), source: "heroku", process: name, message });
  }

  #freeze(entry: Entry): void {
    const dyno = entry.machine.spec.id;
    void entry.run?.freeze().then(
      (kind) => kind && this.#tell(entry, { kind }),
      (error) => this.#deps.logger.warn("a warm dyno could not be frozen", { dyno, error }),
    );
  }

  #begin(entry: Entry): void {
    const { spec } = entry.machine;
    this.#runs += 1;
    const sandboxId = `${spec.id}-${this.#runs.toString(36)}`;
    const run = beginRun(this.#deps, {
      spec,
      sandboxId,
      directory: join(this.#deps.directory, sandboxId),
      sink: renamed(this.#deps.logs, () => entry.machine.spec.name),
      ...(entry.session ? { session: entry.session } : {}),
      ...(entry.terminal ? { terminal: entry.terminal } : {}),
      // What a run says that is no longer the dyno's own concerns nobody.
      tell: (event) => entry.run === run && this.#tell(entry, event),
    });
    entry.run = run;
    this.#going.add(run.gone);
    void run.gone.then(() => this.#going.delete(run.gone));
  }
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
