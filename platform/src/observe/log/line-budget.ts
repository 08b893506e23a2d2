/** What one process may write: a token bucket. A line costs one token for each started KiB. */
export interface BudgetRates {
  readonly linesPerSecond: number;
  /** How many lines may come at once. */
  readonly burst: number;
}

export const DEFAULT_RATES: BudgetRates = { linesPerSecond: 5_000, burst: 20_000 };

export interface LineBudget {
  /** Takes the tokens for a line of so many bytes; false (and nothing taken) when there are too few. */
  spend(bytes: number, nowMs: number): boolean;
  /** True while a small line would be taken. */
  hasRoom(nowMs: number): boolean;
  /** True when nothing was spent lately: the bucket may be forgotten. */
  isFull(nowMs: number): boolean;
}

export function makeLineBudget(rates: BudgetRates, startMs: number): LineBudget {
  let tokens = rates.burst;
  let filledAt = startMs;
  const fill = (nowMs: number) => {
    // A clock set back gives nothing and takes nothing.
    const passed = Math.max(0, nowMs - filledAt);
    tokens = Math.min(rates.burst, tokens + (passed * rates.linesPerSecond) / 1000);
    filledAt = nowMs;
  };
  return {
    spend(bytes, nowMs) {
      if (nowMs !== filledAt) fill(nowMs);
      const cost = 1 + Math.floor(bytes / 1024);
      if (tokens < cost) return false;
      tokens -= cost;
      return true;
    },
    hasRoom(nowMs) {
      fill(nowMs);
      return tokens >= 1;
    },
    isFull(nowMs) {
      fill(nowMs);
      return tokens >= rates.burst;
    },
  };
}
