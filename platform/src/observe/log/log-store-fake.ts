import type { Clock } from "../../kernel/index.ts";
import { DEFAULT_INTAKE, type IntakeLimits, type LineIntake, makeLineIntake } from "./line-intake.ts";
import { matchesFilter } from "./log-filter.ts";
import type { BudgetedLogSink, LogQuery, LogReader, ReadLine } from "./log-ports.ts";
import { DEFAULT_TAIL_LIMITS, makeTailBuffer, type TailBuffer, type TailLimits } from "./tail-buffer.ts";

export interface FakeLogOptions {
  readonly now: Clock;
  readonly intake?: Partial<IntakeLimits>;
  readonly tail?: TailLimits;
}

/** The fake log store, for tests of whatever writes or reads apps' logs: same rules as the real one, nothing on disk. */
export interface FakeLogStore extends BudgetedLogSink, LogReader {
  /** All lines of an app, in the order they were taken. */
  linesOf(appId: string): readonly ReadLine[];
  /** Tells losses at once that would else be told in a while. */
  synced(): Promise<void>;
}

interface FakeLog {
  readonly intake: LineIntake;
  readonly lines: ReadLine[];
  readonly tails: Set<{ query: LogQuery; buffer: TailBuffer }>;
}

export function makeFakeLogStore({ now, intake, tail = DEFAULT_TAIL_LIMITS }: FakeLogOptions): FakeLogStore {
  const logs = new Map<string, FakeLog>();
  const logOf = (appId: string): FakeLog => {
    const known = logs.get(appId);
    if (known) return known;
    const made = {
      intake: makeLineIntake(appId, { ...DEFAULT_INTAKE, ...intake }, now),
      lines: [],
      tails: new Set<never>(),
    };
    logs.set(appId, made);
    return made;
  };
  const store = (log: FakeLog, last = false) => {
    for (const line of log.intake.drain(last).lines) {
      const placed: ReadLine = { ...line, position: (log.lines.at(-1)?.position ?? 0) + 1 };
      log.lines.push(placed);
      for (const { query, buffer } of log.tails) if (matchesFilter(query.filter, line)) buffer.push(placed);
    }
  };
  return {
    write(line) {
      logOf(line.appId).intake.take(line);
      store(logOf(line.appId));
    },
    hasRoom: (appId, process) => logOf(appId).intake.hasRoom(process),
    countDropped: (appId, process, lines) => logOf(appId).intake.countDropped(process, lines),
    linesOf: (appId) => logs.get(appId)?.lines ?? [],
    async synced() {
      for (const log of logs.values()) store(log, true);
    },
    async *read(query, signal) {
      const log = logOf(query.appId);
      const reading = { query, buffer: makeTailBuffer(query.appId, tail, now) };
      if (query.tail) log.tails.add(reading);
      try {
        yield* historyOf(log, query);
        while (query.tail && !signal.aborted) {
          yield* reading.buffer.take();
          await reading.buffer.wait(signal);
        }
      } finally {
        log.tails.delete(reading);
      }
    },
    async forget(appId) {
      const log = logs.get(appId);
      if (log) log.lines.length = 0;
    },
  };
}

function historyOf(log: FakeLog, { filter, after, lines }: LogQuery): ReadLine[] {
  const matching = log.lines.filter((line) => matchesFilter(filter, line));
  if (after !== undefined) return matching.filter((line) => (line.position ?? 0) > after);
  return matching.slice(Math.max(0, matching.length - lines));
}
