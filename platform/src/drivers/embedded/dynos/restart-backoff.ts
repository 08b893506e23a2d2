/** A dyno that ran this long before it crashed counts as healthy: its crashes are forgotten. */
export const HEALTHY_AFTER_MS = 10 * 60_000;

const FIRST_DELAY_MS = 10_000;
const LONGEST_DELAY_MS = 320 * 60_000;
const JITTER = 0.1;

/**
 * How long after its n-th crash in a row (from 1) a dyno is started again: at once the first time, then 10 s, doubling,
 * up to Heroku's 320 minutes, one tenth more or less so that dynos of one fault do not come back all together.
 * Heroku promises "at once, then exponentially longer" only (facts: runtime §6); the early steps are shorter here, since
 * whoever runs the platform usually waits for it. `random` is from [0, 1).
 */
export function restartDelayMs(crash: number, random: number): number {
  if (crash <= 1) return 0;
  const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (crash - 2));
  return Math.round(delay * (1 - JITTER + 2 * JITTER * random));
}
