import { makeRateLimiter } from "../../http/index.ts";
import { BusinessError } from "../../kernel/index.ts";

/** Bounds how often passwords may be guessed, and how many are checked at the same time. */
export interface PasswordTries {
  /**
   * Runs a check of the password of `address`, which gives undefined when it is wrong. The right password clears the
   * address's record. Throws rate_limit, without checking, when the address was tried too often or too much waits.
   */
  attempt<T>(address: string, nowMs: number, check: () => Promise<T | undefined>): Promise<T | undefined>;
}

/** Wrong passwords an address may be tried with at once; refilled steadily over an hour. */
const TRIES = 60;
/** Each check costs 19 MiB and some 30 ms of a core: more than these at a time are somebody trying to keep us busy. */
const MOST_AT_ONCE = 16;

/** Addresses are counted whether an account has them or not, so that a refusal tells nothing. */
export function makePasswordTries({ tries = TRIES, mostAtOnce = MOST_AT_ONCE } = {}): PasswordTries {
  const limiter = makeRateLimiter(tries);
  let running = 0;
  return {
    attempt: async (address, nowMs, check) => {
      const key = address.trim().toLowerCase();
      if (running >= mostAtOnce || !limiter.take(key, nowMs).allowed) throw tooMany();
      running += 1;
      try {
        const found = await check();
        if (found !== undefined) limiter.forget(key);
        return found;
      } finally {
        running -= 1;
      }
    },
  };
}

function tooMany(): BusinessError {
  return new BusinessError(
    "rate_limit",
    "Too many wrong passwords for this account. Try again in a few minutes, or use a token.",
  );
}
