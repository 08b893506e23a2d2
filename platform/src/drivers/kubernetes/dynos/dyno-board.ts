import { type DynoBroadcast, makeDynoBroadcast, type ToldDyno } from "../../../edge/route/index.ts";
import type { Clock } from "../../../kernel/index.ts";
import { type DynoClocks, makeDynoClocks } from "./dyno-clocks.ts";
import { linesOf } from "./dyno-lines.ts";
import type { DynoBody } from "./dyno-manifests.ts";
import { type BoardDyno, type DynoSight, stateOfSight } from "./dyno-sight.ts";
import { gatherSights, type SeenDyno } from "./gather-sights.ts";
import type { AppObjects } from "./plan-objects.ts";
import { stepsTo } from "./sight-steps.ts";

/** What all dynos of this engine do. Watches, the log and the router hear of it from here. */
export interface DynoBoard {
  readonly broadcast: DynoBroadcast;
  /** Looks at an app's objects; to be called whenever one of them has changed. */
  look(appId: string, objects: AppObjects): void;
  /** From now on what is new is said in the log; what was found before is not. */
  opened(): void;
  find(dynoId: string): BoardDyno | undefined;
  ofApp(appId: string): readonly BoardDyno[];
  all(): Iterable<BoardDyno>;
  say(dynoId: string, message: string): void;
  close(): void;
}

export interface DynoBoardOptions {
  /** Tells what became of a dyno in its app's log; `isEnd`: of a process that wrote something before. */
  readonly tell: (dyno: BoardDyno, message: string, isEnd: boolean) => void;
  /** Says there what is being done to a dyno. Default: like `tell`. */
  readonly say?: (dyno: BoardDyno, message: string) => void;
  readonly now: Clock;
  /** What this process was told of a dyno. */
  readonly told: (dynoId: string) => DynoBody | undefined;
  /** Whether a dyno is seen only once it is known how it is run, or runs: its Secret may be heard of after its record and its pod. */
  readonly needsBody?: boolean;
  /** A dyno whose time is over in some way: the pod is to be ended. */
  readonly onOverdue: (dyno: BoardDyno, why: "boot" | "client") => void;
  /** After each change of a dyno, told or not. */
  readonly onSeen: (dyno: BoardDyno) => void;
}

export function makeDynoBoard(options: DynoBoardOptions): DynoBoard {
  return new Board(options);
}

class Board implements DynoBoard {
  readonly broadcast: DynoBroadcast;
  readonly #options: DynoBoardOptions;
  /** By app, then by dyno id. */
  readonly #apps = new Map<string, Map<string, BoardDyno>>();
  readonly #appOf = new Map<string, string>();
  readonly #clocks: DynoClocks;
  #silent = true;

  constructor(options: DynoBoardOptions) {
    this.#options = options;
    this.broadcast = makeDynoBroadcast({
      all: () => [...this.all()].map(tellOf),
      ofApp: (appId) => this.ofApp(appId).map(tellOf),
    });
    this.#clocks = makeDynoClocks({
      onListening: (id, key, address) => this.#mark(id, "listening", key, address),
      onTimedOut: (id, key) => {
        this.#mark(id, "timedOut", key);
        const dyno = this.find(id);
        if (dyno) options.onOverdue(dyno, "boot");
      },
      onUnpulled: (id, uid) => this.#mark(id, "unpulled", uid),
      onClientMissing: (id) => {
        const dyno = this.find(id);
        if (dyno) options.onOverdue(dyno, "client");
      },
      say: (id, message) => {
        const dyno = this.find(id);
        if (dyno) options.tell(dyno, message, false);
      },
      now: options.now,
    });
  }

  look(appId: string, objects: AppObjects): void {
    const before = this.#apps.get(appId) ?? new Map<string, BoardDyno>();
    const known: SeenDyno[] = [...before.values()].map(({ sight }) => ({ sight }));
    const sights = gatherSights({ known, objects, ...pickGathering(this.#options) });
    this.broadcast.together(() => {
      for (const sight of sights) this.#take(appId, sight);
    });
  }

  opened(): void {
    this.#silent = false;
  }

  find(dynoId: string): BoardDyno | undefined {
    const appId = this.#appOf.get(dynoId);
    return appId === undefined ? undefined : this.#apps.get(appId)?.get(dynoId);
  }

  ofApp(appId: string): readonly BoardDyno[] {
    return [...(this.#apps.get(appId)?.values() ?? [])];
  }

  *all(): Iterable<BoardDyno> {
    for (const dynos of this.#apps.values()) yield* dynos.values();
  }

  say(dynoId: string, message: string): void {
    const dyno = this.find(dynoId);
    const { say = (of, text) => this.#options.tell(of, text, false) } = this.#options;
    if (dyno) say(dyno, message);
  }

  close(): void {
    this.#clocks.close();
  }

  #mark(dynoId: string, what: "listening" | "timedOut" | "unpulled", key: string, address?: string): void {
    const dyno = this.find(dynoId);
    if (!dyno) return;
    const { sight } = dyno;
    const heardOn = address === undefined ? sight.heardOn : new Map([...sight.heardOn, [key, address]]);
    this.broadcast.together(() =>
      this.#take(sight.entry.appId, { ...sight, heardOn, [what]: new Set([...sight[what], key]) }),
    );
  }

  #take(appId: string, sight: DynoSight): void {
    for (const step of stepsTo(this.find(sight.entry.id)?.sight, sight)) this.#enter(appId, step);
  }

  #enter(appId: string, sight: DynoSight): void {
    const { id } = sight.entry;
    const before = this.find(id);
    // The last word on a dyno is not taken back, whatever its leftovers do.
    const over = before?.state.kind === "complete" && !sight.wanted;
    const state = over ? before.state : stateOfSight(sight);
    const since = before?.state.kind === state.kind ? before.since : this.#options.now();
    const dyno: BoardDyno = { sight, state, since };
    if (state.kind === "complete" && sight.runs.length === 0) this.#forget(appId, id);
    else this.#keep(appId, dyno);
    this.#clocks.set(dyno, before === undefined && this.#silent);
    this.broadcast.changed(before && tellOf(before).observation, tellOf(dyno));
    this.#options.onSeen(dyno);
    const isEnd = sight.exits.at(-1)?.key !== before?.sight.exits.at(-1)?.key;
    const lines = this.#silent ? [] : linesOf({ before, after: dyno });
    for (const [i, line] of lines.entries()) this.#options.tell(dyno, line, isEnd && i === 0);
  }

  #keep(appId: string, dyno: BoardDyno): void {
    const { id } = dyno.sight.entry;
    this.#appOf.set(id, appId);
    const dynos = this.#apps.get(appId) ?? new Map<string, BoardDyno>();
    this.#apps.set(appId, dynos.set(id, dyno));
  }

  #forget(appId: string, id: string): void {
    this.#appOf.delete(id);
    const dynos = this.#apps.get(appId);
    dynos?.delete(id);
    if (dynos?.size === 0) this.#apps.delete(appId);
  }
}

function pickGathering({ told, needsBody = false }: DynoBoardOptions) {
  return { told, needsBody };
}

function tellOf({ sight, state, since }: BoardDyno): ToldDyno {
  return { observation: { ...sight.entry, state, since: since.toISOString() }, oneOff: sight.oneOff };
}
