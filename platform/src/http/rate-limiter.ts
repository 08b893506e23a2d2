/** A pool of calls for each account, refilled steadily (GCRA; facts: platform API §4 "Rate limit"). */
export interface RateLimiter {
  /** Takes one call; `allowed` is false when the pool is empty. `take: 0` only looks. */
  take(accountId: string, nowMs: number, calls?: 0 | 1): { allowed: boolean; remaining: number };
  /** Gives an account its full pool back. */
  forget(accountId: string): void;
}

/** Accounts that are back at a full pool are forgotten once this many are known. */
const MOST_KNOWN = 10_000;

/** `size` calls at most at once, refilled at `size` an hour, as Heroku's 4,500 at 75 a minute. */
export function makeRateLimiter(size: number): RateLimiter {
  const costMs = 3_600_000 / size;
  const fullAt = new Map<string, number>();
  return {
    take: (accountId, nowMs, calls = 1) => {
      const debtMs = Math.max((fullAt.get(accountId) ?? 0) - nowMs, 0);
      const left = Math.floor(size - debtMs / costMs + 1e-9);
      if (calls === 0) return { allowed: true, remaining: left };
      if (left < 1) return { allowed: false, remaining: 0 };
      if (fullAt.size >= MOST_KNOWN) forgetFull(fullAt, nowMs);
      fullAt.set(accountId, nowMs + debtMs + costMs);
      return { allowed: true, remaining: left - 1 };
    },
    forget: (accountId) => {
      fullAt.delete(accountId);
    },
  };
}

function forgetFull(fullAt: Map<string, number>, nowMs: number): void {
  for (const [id, at] of fullAt) if (at <= nowMs) fullAt.delete(id);
}
