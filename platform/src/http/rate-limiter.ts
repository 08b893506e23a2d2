/** A pool of calls for each account, refilled steadily (GCRA; facts: platform API §4 "Rate limit"). */
export interface RateLimiter {
  /** Takes one call; `allowed` is false when the pool is empty. `take: 0` only looks. */
  take(accountId: string, nowMs: number, calls?: 0 | 1): { allowed: boolean; remaining: number };
  /** Gives an account its full pool back. */
  forget(accountId: string): void;
}

const HOUR_MS = 3_600_000;
/** Beyond so many accounts the one that has not called for longest is forgotten, and has its full pool again. */
const MOST_KNOWN = 100_000;

/** `size` calls at most at once, refilled at `size` an hour, as Heroku's 4,500 at 75 a minute. */
export function makeRateLimiter(size: number, mostKnown = MOST_KNOWN): RateLimiter {
  const costMs = HOUR_MS / size;
  /** When each account's pool will be full again; who called last comes last. */
  const fullAt = new Map<string, number>();
  return {
    take: (accountId, nowMs, calls = 1) => {
      const debtMs = Math.max((fullAt.get(accountId) ?? 0) - nowMs, 0);
      const left = Math.floor(size - debtMs / costMs + 1e-9);
      if (calls === 0) return { allowed: true, remaining: left };
      if (left < 1) return { allowed: false, remaining: 0 };
      fullAt.delete(accountId);
      fullAt.set(accountId, nowMs + debtMs + costMs);
      if (fullAt.size > mostKnown) forgetOldest(fullAt);
      return { allowed: true, remaining: left - 1 };
    },
    forget: (accountId) => {
      fullAt.delete(accountId);
    },
  };
}

function forgetOldest(fullAt: Map<string, number>): void {
  for (const oldest of fullAt.keys()) {
    fullAt.delete(oldest);
    return;
  }
}
