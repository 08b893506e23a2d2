import type { Clock, LogLine } from "../../kernel/index.ts";
import { type BudgetRates, DEFAULT_RATES, type LineBudget, makeLineBudget } from "./line-budget.ts";
import { safeProcess } from "./line-format.ts";
import { deliveryError, type LostLines, localOverflow, loseMore } from "./lost-lines.ts";
import { splitMessage } from "./split-message.ts";

export interface IntakeLimits {
  /** What each process of source `app` may write. */
  readonly rates: BudgetRates;
  /** Lines and characters that may wait to be stored. */
  readonly lines: number;
  readonly characters: number;
  /** Lost lines are told at most this often. */
  readonly reportMs: number;
  /** Told of lines as they are taken, and as they are lost: to a `flood`, or because the `disk` did not take them. */
  readonly counted?: LineCounts;
}

export interface LineCounts {
  taken(lines: number): void;
  lost(cause: "flood" | "disk", lines: number): void;
}

export const DEFAULT_INTAKE: IntakeLimits = {
  rates: DEFAULT_RATES,
  lines: 65_536,
  characters: 8_388_608,
  reportMs: 1_000,
};

/** Lines that leave the intake to be stored. Exactly one of `stored` and `failed` follows, before the next `drain`. */
export interface IntakeBatch {
  readonly lines: readonly LogLine[];
  stored(): void;
  /** The lines are lost; how many will be told with L13. */
  failed(): void;
}

/** Where one app's lines wait until they are stored. Bounded; what does not fit is counted and told. */
export interface LineIntake {
  /**
   * Takes a line, made safe and cut into as many lines as it needs; drops it when its process is over its budget. `at`:
   * when it was written, if it could not come at once: the budget is that of then.
   */
  take(line: LogLine, at?: Date): void;
  hasRoom(process: string): boolean;
  countDropped(process: string, lines: number): void;
  /** What waits, with lines about losses where they are due, or in any case when `last`. */
  drain(last?: boolean): IntakeBatch;
  /** Characters that wait. */
  waiting(): number;
  /** True when nothing waits and no loss is to be told. */
  isEmpty(): boolean;
  /** Forgets the budgets of processes that have been quiet; true when none is left. */
  forgetQuiet(): boolean;
}

export function makeLineIntake(appId: string, limits: IntakeLimits, now: Clock): LineIntake {
  const budgets = new Map<string, LineBudget>();
  let pending: LogLine[] = [];
  let characters = 0;
  let dropped = new Map<string, LostLines>();
  let lost: LostLines | undefined;

  const budgetOf = (process: string, nowMs: number): LineBudget => {
    let budget = budgets.get(process);
    if (!budget) {
      budget = makeLineBudget(limits.rates, nowMs);
      budgets.set(process, budget);
    }
    return budget;
  };
  const drop = (process: string, lines: number) => {
    limits.counted?.lost("flood", lines);
    dropped.set(process, loseMore(dropped.get(process), lines, now()));
  };
  const put = (line: LogLine) => {
    const isFull = pending.length >= limits.lines || characters >= limits.characters;
    if (isFull) return drop(line.process, 1);
    limits.counted?.taken(1);
    pending.push(line);
    characters += line.message.length;
  };
  const isDue = (since: Date, last: boolean) => last || now().getTime() - since.getTime() >= limits.reportMs;

  return {
    take(line, at) {
      const process = safeProcess(line.process);
      const messages = splitMessage(line.message);
      const nowMs = line.source === "app" ? (at ?? now()).getTime() : 0;
      for (const message of messages) {
        const isOver = line.source === "app" && !budgetOf(process, nowMs).spend(message.length, nowMs);
        if (isOver) drop(process, 1);
        else put({ appId, time: line.time, source: line.source, process, message });
      }
    },
    hasRoom: (process) => budgetOf(safeProcess(process), now().getTime()).hasRoom(now().getTime()),
    countDropped: (process, lines) => drop(safeProcess(process), lines),
    drain(last = false) {
      const written = pending;
      const told = { dropped: new Map<string, LostLines>(), lost: undefined as LostLines | undefined };
      const lines = [...written];
      for (const [process, loss] of dropped) {
        if (!isDue(loss.since, last)) continue;
        told.dropped.set(process, loss);
        dropped.delete(process);
        lines.push(localOverflow(appId, process, loss, now()));
      }
      if (lost && isDue(lost.since, last)) {
        told.lost = lost;
        lines.push(deliveryError(appId, lost, now()));
        lost = undefined;
      }
      pending = [];
      characters = 0;
      return {
        lines,
        stored: () => {},
        failed() {
          dropped = mergeLosses(told.dropped, dropped);
          limits.counted?.lost("disk", written.length);
          const more = written.length > 0 ? loseMore(told.lost, written.length, now()) : told.lost;
          lost = more && lost ? loseMore(more, lost.count, now()) : (more ?? lost);
        },
      };
    },
    waiting: () => characters,
    isEmpty: () => pending.length === 0 && dropped.size === 0 && !lost,
    forgetQuiet() {
      const nowMs = now().getTime();
      for (const [process, budget] of budgets) if (budget.isFull(nowMs)) budgets.delete(process);
      return budgets.size === 0;
    },
  };
}

function mergeLosses(
  older: Map<string, LostLines>,
  newer: ReadonlyMap<string, LostLines>,
): Map<string, LostLines> {
  for (const [process, { count, since }] of newer)
    older.set(process, loseMore(older.get(process), count, since));
  return older;
}
