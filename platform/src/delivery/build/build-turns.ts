import type { BuildSpec } from "./build-ports.ts";

/** What decides when a build may begin: its owner, and of an owner's builds the rank and the time, also after a restart. */
export type TurnWish = Pick<BuildSpec, "ownerId" | "rank" | "acceptedAt">;

/** Leave to work, of which only so many are out at a time. */
export interface BuildTurns {
  /**
   * Waits for a turn. `onWait` is told how many builds go before this one: at once when there is no turn yet, and again
   * when they have become fewer. Resolves with how to give the turn back, or with undefined when the signal aborts first.
   */
  take(
    wish: TurnWish,
    signal: AbortSignal,
    onWait: (before: number) => void,
  ): Promise<(() => void) | undefined>;
}

export interface BuildTurnsOptions {
  readonly atOnce: number;
  /** How many builds of each owner work now, where others than those with a turn do. Default: those with a turn. */
  readonly working?: () => ReadonlyMap<string, number>;
}

/**
 * In which order waiting builds begin when none ends meanwhile: whoever's owner has the fewest at work goes next, of those
 * the one whose owner's last turn (by number, in `served`) is longest ago, and then the one that was accepted first. So
 * whoever pushes twenty apps delays another's single push by one build at most. Which of an owner's builds it is, the rank
 * says: production goes before review apps, and nobody gets ahead of others by it.
 */
export function orderTurns<T extends TurnWish>(
  waiting: readonly T[],
  working: ReadonlyMap<string, number>,
  served: ReadonlyMap<string, number> = new Map(),
): readonly T[] {
  const lines = new Map<string, T[]>();
  const byRank = [...waiting].sort((a, b) => a.rank - b.rank || (a.acceptedAt < b.acceptedAt ? -1 : 1));
  for (const one of byRank) lines.set(one.ownerId, [...(lines.get(one.ownerId) ?? []), one]);
  const [load, last] = [new Map(working), new Map(served)];
  const order: T[] = [];
  let turn = Math.max(0, ...last.values());
  while (order.length < waiting.length) {
    const heads = [...lines.values()].flatMap(([head]) => (head ? [head] : []));
    const next = heads.reduce((best, one) => (isBefore(one, best, load, last) ? one : best));
    order.push(next);
    turn += 1;
    lines.get(next.ownerId)?.shift();
    load.set(next.ownerId, (load.get(next.ownerId) ?? 0) + 1);
    last.set(next.ownerId, turn);
  }
  return order;
}

type Counts = ReadonlyMap<string, number>;

function isBefore(one: TurnWish, other: TurnWish, ...measures: readonly Counts[]): boolean {
  for (const measure of measures) {
    const [mine, theirs] = [measure.get(one.ownerId) ?? 0, measure.get(other.ownerId) ?? 0];
    if (mine !== theirs) return mine < theirs;
  }
  return one.acceptedAt < other.acceptedAt;
}

interface Waiter extends TurnWish {
  readonly go: () => void;
  readonly onWait: (before: number) => void;
  /** What it was told last. */
  before: number;
}

/** What a build shows that waits for room on the "machine" or in the "cluster", with so many to go before it. */
export function waitingForRoom(where: string, before: number): string {
  if (before === 0) return `-----> Waiting for a build that runs on this ${where}\n`;
  return `-----> Waiting for other builds on this ${where}, ${before} before this one\n`;
}

export function makeBuildTurns({ atOnce, working }: BuildTurnsOptions): BuildTurns {
  const holders: string[] = [];
  const line = new Set<Waiter>();
  const served = new Map<string, number>();
  let turns = 0;
  const order = () => orderTurns([...line], working?.() ?? countEach(holders), served);
  const tellPlaces = () => {
    for (const [before, waiter] of order().entries()) {
      if (before >= waiter.before) continue;
      waiter.before = before;
      waiter.onWait(before);
    }
  };
  /** Giving back twice is the same as once. */
  const turnOf = (ownerId: string) => {
    holders.push(ownerId);
    turns += 1;
    served.set(ownerId, turns);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      holders.splice(holders.indexOf(ownerId), 1);
      const [next] = order();
      // Whoever comes when nobody waits has missed nothing.
      if (!next && holders.length === 0) served.clear();
      if (!next) return;
      line.delete(next);
      next.go();
      tellPlaces();
    };
  };
  return {
    async take(wish, signal, onWait) {
      if (signal.aborted) return undefined;
      if (holders.length < atOnce) return turnOf(wish.ownerId);
      return new Promise((resolve) => {
        const go = () => {
          signal.removeEventListener("abort", leave);
          resolve(turnOf(wish.ownerId));
        };
        const { ownerId, rank, acceptedAt } = wish;
        const waiter: Waiter = { ownerId, rank, acceptedAt, go, onWait, before: Number.POSITIVE_INFINITY };
        const leave = () => {
          line.delete(waiter);
          resolve(undefined);
          tellPlaces();
        };
        line.add(waiter);
        signal.addEventListener("abort", leave, { once: true });
        tellPlaces();
      });
    },
  };
}

function countEach(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
