import type { Clock, LogSink, Running } from "../../../kernel/index.ts";
import type { BoardDyno } from "./dyno-sight.ts";
import { type Awaited, makeLinesInOrder } from "./lines-in-order.ts";
import { endedRuns, type PodLogs } from "./pod-logs.ts";
import { currentRun, runKey } from "./pod-run.ts";

/** Why a dyno's time is over: it did not listen, or no client came. */
export type OverdueWhy = "boot" | "client";

/**
 * Says in their apps' logs what becomes of dynos, and ends those whose time is over. It sees all of them all the time, and
 * acts only between `begin` and the `stop` of what that returns: who begins says nothing of what was there before.
 */
export interface DynoTeller extends Running {
  /** To be done by one process at a time. */
  begin(): Running;
  /** What became of a dyno; `isEnd`: of a process that wrote something before. */
  tell(dyno: BoardDyno, message: string, isEnd: boolean): void;
  /** What this process does to a dyno: said by whoever does it. */
  say(dyno: BoardDyno, message: string): void;
  /** After each change of a dyno. `found`: it ran before this process looked. */
  see(dyno: BoardDyno, found: boolean): void;
  /** The time of a dyno's run is over; it is ended now, or by whoever begins while it still runs. */
  overdue(dyno: BoardDyno, why: OverdueWhy): void;
}

export interface DynoTellerOptions {
  /** Where lines about dynos go. Missing: none are written. */
  readonly sink: LogSink | undefined;
  /** See `KubernetesDynoHostOptions`. */
  readonly outputTold?: ((runs: readonly string[], signal: AbortSignal) => Promise<unknown>) | undefined;
  /** Given where nobody else does it: begins to read what dynos put out. */
  readonly readOutput?: (() => PodLogs) | undefined;
  /** All that are known now. */
  readonly dynos: () => Iterable<BoardDyno>;
  readonly end: (dyno: BoardDyno, why: OverdueWhy) => void;
  readonly now: Clock;
}

export function makeDynoTeller(options: DynoTellerOptions): DynoTeller {
  return new Teller(options);
}

interface Shift {
  readonly since: Date;
  readonly logs: PodLogs | undefined;
}

class Teller implements DynoTeller {
  readonly #options: DynoTellerOptions;
  readonly #lines;
  /** By dyno id: the run whose time is over. */
  readonly #overdue = new Map<string, { readonly key: string; readonly why: OverdueWhy }>();
  #shift: Shift | undefined;

  constructor(options: DynoTellerOptions) {
    this.#options = options;
    this.#lines = options.sink && makeLinesInOrder(options.sink);
  }

  begin(): Running {
    const { readOutput, now, dynos, end } = this.#options;
    const shift = { since: now(), logs: readOutput?.() };
    this.#shift = shift;
    for (const dyno of dynos()) {
      this.see(dyno, true);
      const left = this.#overdue.get(dyno.sight.entry.id);
      if (left) end(dyno, left.why);
    }
    return { stop: () => this.#leave(shift) };
  }

  tell(dyno: BoardDyno, message: string, isEnd: boolean): void {
    const shift = this.#shift;
    if (shift) this.#write(dyno, message, isEnd ? (limit) => this.#told(shift, dyno, limit) : undefined);
  }

  say(dyno: BoardDyno, message: string): void {
    this.#write(dyno, message);
  }

  see(dyno: BoardDyno, found: boolean): void {
    const { id } = dyno.sight.entry;
    if (this.#overdue.has(id) && this.#overdue.get(id)?.key !== keyOf(dyno)) this.#overdue.delete(id);
    this.#shift?.logs?.see(dyno, found ? this.#shift.since : undefined);
  }

  overdue(dyno: BoardDyno, why: OverdueWhy): void {
    const key = keyOf(dyno);
    if (key === undefined) return;
    this.#overdue.set(dyno.sight.entry.id, { key, why });
    if (this.#shift) this.#options.end(dyno, why);
  }

  async stop(): Promise<void> {
    if (this.#shift) await this.#leave(this.#shift);
    await this.#lines?.close();
  }

  async #leave(shift: Shift): Promise<void> {
    if (this.#shift === shift) this.#shift = undefined;
    await shift.logs?.close();
    await this.#lines?.close();
  }

  #write({ sight }: BoardDyno, message: string, after?: Awaited): void {
    const { id, appId, name } = sight.entry;
    const line = { appId, time: this.#options.now(), source: "heroku", process: name, message } as const;
    this.#lines?.write(id, line, after);
  }

  async #told({ logs }: Shift, dyno: BoardDyno, limit: AbortSignal): Promise<void> {
    const { outputTold } = this.#options;
    await (outputTold ? outputTold(endedRuns(dyno.sight.runs), limit) : logs?.told(dyno));
  }
}

/** Which run of the dyno is the current one; undefined: none that is not about to end. */
function keyOf({ sight }: BoardDyno): string | undefined {
  const run = currentRun(sight.runs);
  return run && run.leavingSince === undefined ? runKey(run) : undefined;
}
