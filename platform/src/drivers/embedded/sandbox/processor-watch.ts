import { readFileSync } from "node:fs";
import type { Running } from "../../../kernel/index.ts";
import type { ProcessorGroup } from "./processor-group.ts";
import { type Competitor, firstTurn, nextTurns, type Turn } from "./processor-turns.ts";
import { addUse, averageUse, beginUse, type RecentUse } from "./processor-use.ts";

/** A sandbox whose use of processors is looked at. */
export interface WatchedSandbox {
  readonly id: string;
  readonly share: number;
  /** One that gives way to all others anyway. */
  readonly background: boolean;
  readonly group: ProcessorGroup;
}

/** Has sandboxes that take much of short processors come after the others. */
export interface ProcessorWatch extends Running {
  /** Looks at a sandbox from now on, until what this returns is called. */
  add(sandbox: WatchedSandbox): () => void;
}

/** What the machine's processors have done since it started, in microseconds of one processor. */
export interface ProcessorTimes {
  readonly processors: number;
  readonly idleMicros: number;
}

export interface ProcessorWatchOptions {
  readonly times?: () => ProcessorTimes;
  readonly nowMs?: () => number;
  /** Between two looks. */
  readonly everyMs?: number;
}

/** A neighbor's slowest answers are those of the time before the first look. */
const EVERY_MS = 50;
/** Between two looks at all sandboxes while there is plenty of time. */
const ALL_EVERY_MS = 1_000;
/** Of all processors' time. */
const PLENTY = 0.3;
const SHORT = 0.05;

interface Passed {
  readonly sinceMs: number;
  readonly atMs: number;
  readonly processors: number;
  /** Of them, since then. */
  readonly idle: number;
}

interface Competing extends Competitor {
  readonly sandbox: WatchedSandbox;
}

/** Looks while there are sandboxes; mostly at one file that the kernel has at hand. */
export function watchProcessors({
  times = machineTimes,
  nowMs = () => performance.now(),
  everyMs = EVERY_MS,
}: ProcessorWatchOptions = {}): ProcessorWatch {
  const uses = new Map<WatchedSandbox, RecentUse>();
  let turns: ReadonlyMap<string, Turn> = new Map();
  let last: { readonly atMs: number; readonly idleMicros: number } | undefined;
  let allAtMs = 0;
  let isShort = false;
  let movedAtMs = 0;
  let moving: Promise<unknown> | undefined;
  const lookAtAll = (passed: Passed) => {
    const { atMs, sinceMs, processors } = passed;
    // What all have done since the look before this one is known when that was one at all of them.
    const isWhole = allAtMs === sinceMs;
    allAtMs = atMs;
    const { left, others, competing } = lookAtUses(uses, passed);
    // For those that stay behind, too: programs that were started meanwhile are not there yet.
    const again = atMs - movedAtMs >= ALL_EVERY_MS;
    if (again) movedAtMs = atMs;
    const before = turns;
    isShort = isWhole && left < processors * SHORT;
    turns = nextTurns(before, {
      ...{ nowMs: atMs, left, isShort, competitors: competing, others },
    });
    const moves = competing.flatMap(({ sandbox: { id, group } }) => {
      const isBehind = turns.get(id)?.isBehind === true;
      const wasBehind = before.get(id)?.isBehind === true;
      return isBehind !== wasBehind || (isBehind && again) ? [group.setBehind(isBehind)] : [];
    });
    if (moves.length === 0) return;
    moving = Promise.all(moves).then(() => {
      moving = undefined;
    });
  };
  const look = () => {
    if (moving) return;
    const { processors, idleMicros } = times();
    const atMs = nowMs();
    const before = last;
    last = { atMs, idleMicros };
    if (!before || atMs <= before.atMs) return;
    const idle = (idleMicros - before.idleMicros) / 1_000 / (atMs - before.atMs);
    if (idle >= processors * PLENTY) isShort = false;
    if (idle < processors * PLENTY || atMs - allAtMs >= ALL_EVERY_MS)
      lookAtAll({ atMs, sinceMs: before.atMs, processors, idle });
  };
  let timer: NodeJS.Timeout | undefined;
  const rest = () => {
    clearInterval(timer);
    timer = undefined;
    last = undefined;
    isShort = false;
  };
  return {
    add: (sandbox) => {
      const atMs = nowMs();
      uses.set(sandbox, beginUse(atMs));
      if (isShort && !sandbox.background) {
        turns = new Map([...turns, [sandbox.id, firstTurn(atMs)]]);
        movedAtMs = 0;
      }
      timer ??= setInterval(look, everyMs).unref();
      return () => {
        uses.delete(sandbox);
        if (uses.size === 0) rest();
      };
    },
    stop: async () => {
      rest();
      await moving;
    },
  };
}

/** Adds what each has used since the last look, and tells who competes for what. */
function lookAtUses(
  uses: Map<WatchedSandbox, RecentUse>,
  { atMs, sinceMs, processors, idle }: Passed,
): { readonly left: number; readonly others: number; readonly competing: readonly Competing[] } {
  let [left, others] = [idle, processors - idle];
  const competing: Competing[] = [];
  for (const [sandbox, before] of uses) {
    const use = addUse(before, atMs, sandbox.group.usedMicros());
    uses.set(sandbox, use);
    const lately = (use.usedMicros - before.usedMicros) / 1_000 / (atMs - sinceMs);
    others -= lately;
    if (sandbox.background) left += lately;
    else competing.push({ sandbox, id: sandbox.id, share: sandbox.share, used: averageUse(use) });
  }
  return { left, others: Math.max(0, others), competing };
}

function machineTimes(): ProcessorTimes {
  return readTimes(readFileSync("/proc/stat", "utf8"));
}

/**
 * Of `/proc/stat` (proc(5)): hundredths of a second, of all processors together and then of each. Waiting for a disk is idle
 * time, since another could have run.
 */
export function readTimes(stat: string): ProcessorTimes {
  const [, , , , idle = 0, wait = 0] = (/^cpu .*$/m.exec(stat)?.[0] ?? "").split(/\s+/).map(Number);
  const processors = stat.match(/^cpu\d/gm)?.length ?? 1;
  return { processors, idleMicros: (idle + wait) * 10_000 };
}
