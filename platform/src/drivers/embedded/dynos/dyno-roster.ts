import { join } from "node:path";
import { type DynoBroadcast, makeDynoBroadcast } from "../../../edge/route/index.ts";
import type { Clock, Logger, LogSink } from "../../../kernel/index.ts";
import type { BudgetedLogSink } from "../../../observe/log/index.ts";
import type { AttachSession, DynoSpec, InsideCommand } from "../../../runtime/dyno/index.ts";
import type { EnteredProgram } from "../sandbox/index.ts";
import { shiftDue, watchClock } from "./clock-step.ts";
import {
  type DynoEffect,
  type DynoEvent,
  type DynoMachine,
  type DynoStep,
  isOutOfRoom,
  newDyno,
  nextLook,
  tellOf,
} from "./dyno-machine.ts";
import type { DynoRun, RunOptions } from "./dyno-run.ts";
import { holdsRoom, refuseRoom, surplusWarm } from "./machine-room.ts";
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
  /** It sleeps. */
  readonly asleep?: boolean;
}

/** All dynos of this host. Carries out what the rules say and tells watchers. */
export interface DynoRoster {
  readonly broadcast: DynoBroadcast;
  add(spec: DynoSpec, options?: NewDyno): void;
  send(dynoId: string, event: DynoEvent): void;
  setSession(dynoId: string, session: AttachSession): void;
  find(dynoId: string): RosterDyno | undefined;
  /** Why a dyno could not be started now for want of memory; undefined when it can be. */
  noRoomFor(machine: DynoMachine): string | undefined;
  /** As `DynoRun.enter`, of the dyno's present run. */
  enter(dynoId: string, command: InsideCommand): Promise<EnteredProgram>;
  ofApp(appId: string): DynoMachine[];
  ids(): string[];
  /** Has somebody told, at once, of the app of each dyno that has ended. */
  whenEnded(told: (appId: string) => void): void;
  /** Resolves when no dyno and no trace of one is left. */
  empty(): Promise<void>;
}

export interface RosterDependencies {
  /** Begins a dyno's process; returns before anything has happened. */
  readonly begin: (options: RunOptions) => DynoRun;
  /** Calls back after so many milliseconds; what it returns calls that off. Missing: with the system's timers. */
  readonly after?: (ms: number, work: () => void) => () => void;
  readonly logs: LogSink;
  readonly now: Clock;
  /** Milliseconds that have passed since some moment, whatever the clock says. Missing: the clock is never set. */
  readonly passed?: () => number;
  readonly logger: Logger;
  readonly random: () => number;
  /** Folder of the dynos' writable layers. */
  readonly directory: string;
  /** Bytes of memory that the sizes of dynos may add up to. Missing: not bounded. */
  readonly memoryCapacity?: number;
}

interface Entry {
  machine: DynoMachine;
  run?: DynoRun;
  /** Calls the next look off. */
  unschedule?: () => void;
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
  readonly #clockStep: () => number;
  #runs = 0;
  #ended: (appId: string) => void = () => {};

  constructor(deps: RosterDependencies) {
    this.#deps = deps;
    const { now, passed = () => now().getTime() } = deps;
    this.#clockStep = watchClock(now, passed);
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
    if (options.asleep) entry.machine = { ...made, phase: { kind: "asleep" } };
    const step =
      options.dead || options.asleep
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

  whenEnded(told: (appId: string) => void): void {
    this.#ended = told;
  }

  async empty(): Promise<void> {
    while (this.#going.size > 0) await Promise.all(this.#going);
  }

  #machines(): DynoMachine[] {
    return [...this.#dynos.values()].map(({ machine }) => machine);
  }

  #context() {
    const { now, random } = this.#deps;
    const step = this.#clockStep();
    // Timers that run go by the time that passes, and stay as they are.
    if (step !== 0) for (const entry of this.#dynos.values()) entry.machine = shiftDue(entry.machine, step);
    return { now: now().getTime(), random: random(), noRoomFor: this.noRoomFor };
  }

  readonly noRoomFor = (machine: DynoMachine) => {
    const { memoryCapacity } = this.#deps;
    return memoryCapacity === undefined ? undefined : refuseRoom(machine, this.#machines(), memoryCapacity);
  };

  #tell(entry: Entry, event: DynoEvent): void {
    const context = this.#context();
    this.#accept(entry, stepDyno(entry.machine, event, context), entry.machine);
  }

  #accept(entry: Entry, step: DynoStep, before: DynoMachine | undefined): void {
    entry.machine = step.machine;
    for (const effect of step.effects) this.#perform(entry, effect);
    if (entry.machine.phase.kind === "ended") this.#forget(entry);
    this.#schedule(entry);
    if (before !== entry.machine)
      this.broadcast.changed(before && tellOf(before).observation, tellOf(entry.machine));
    this.#settleRoom(before, entry.machine);
    if (entry.machine.phase.kind === "ended") this.#ended(entry.machine.spec.appId);
  }

  /** What took room may cost warm dynos theirs; what left some lets the next start that waits for it, the longest first. */
  #settleRoom(before: DynoMachine | undefined, after: DynoMachine): void {
    const { memoryCapacity } = this.#deps;
    if (memoryCapacity === undefined) return;
    const [held, holds] = [before !== undefined && holdsRoom(before), holdsRoom(after)];
    if (!held && holds)
      for (const id of surplusWarm(this.#machines(), memoryCapacity)) this.send(id, { kind: "dismissed" });
    if (!held || holds) return;
    const waiting = this.#machines().filter(({ phase }) => isOutOfRoom(phase));
    for (const { spec } of waiting.toSorted((a, b) => a.since - b.since))
      this.send(spec.id, { kind: "room" });
  }

  #forget(entry: Entry): void {
    const { id } = entry.machine.spec;
    entry.session?.end();
    if (this.#dynos.get(id) === entry) this.#dynos.delete(id);
  }

  #schedule(entry: Entry): void {
    entry.unschedule?.();
    const at = nextLook(entry.machine);
    if (at === undefined) return;
    const { after = bySystemTimer, now } = this.#deps;
    const ms = Math.min(LONGEST_TIMER_MS, Math.max(0, at - now().getTime()));
    entry.unschedule = after(ms, () => this.#tell(entry, { kind: "tick" }));
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
    const run = this.#deps.begin({
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

function bySystemTimer(ms: number, work: () => void): () => void {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
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
