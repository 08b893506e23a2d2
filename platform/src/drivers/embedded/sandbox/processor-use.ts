/** What something kept busy of late: what is longer ago counts less, by half each HALF_MS. */
export interface RecentUse {
  readonly atMs: number;
  readonly usedMicros: number;
  /** Sums, both of which fade: of the time it used, and of all time. */
  readonly used: number;
  readonly passed: number;
}

const HALF_MS = 700;

/** Of what has just begun, and has used nothing. */
export function beginUse(atMs: number): RecentUse {
  return { atMs, usedMicros: 0, used: 0, passed: 0 };
}

export function addUse(before: RecentUse, atMs: number, usedMicros: number): RecentUse {
  const passedMs = atMs - before.atMs;
  if (passedMs <= 0) return before;
  const fade = 2 ** (-passedMs / HALF_MS);
  // As if it had used the same at every moment since, of which the first have faded, too.
  const counted = ((1 - fade) * HALF_MS) / Math.LN2;
  const processors = Math.max(0, usedMicros - before.usedMicros) / 1_000 / passedMs;
  return {
    ...{ atMs, usedMicros },
    used: before.used * fade + processors * counted,
    passed: before.passed * fade + counted,
  };
}

/** In processors, on average; of something young, its whole life. */
export function averageUse({ used, passed }: RecentUse): number {
  return passed > 0 ? used / passed : 0;
}
