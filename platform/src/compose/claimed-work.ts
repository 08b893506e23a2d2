import { type Claim, errorText, type Logger, type Outcome, StaleClaim, waiting } from "../kernel/index.ts";

/** What takes claims for this process. */
export interface Claims {
  /** Takes or renews the claim on a subject; undefined while another process has it. */
  readonly claim: (subject: string) => Promise<Claim | undefined>;
  readonly logger: Logger;
}

const RENEW_MS = 5_000;

/** Does something again and again until the function that it returns is called. */
type Repeat = (work: () => void, everyMs: number) => () => void;

const repeat: Repeat = (work, everyMs) => {
  const timer = setInterval(work, everyMs);
  return () => clearInterval(timer);
};

export interface ClaimedWork {
  readonly subject: string;
  /** Aborted when this process stops. */
  readonly stopping: AbortSignal;
  /** Default: a timer. */
  readonly repeat?: Repeat;
}

/**
 * Runs a round while this process holds the claim on its subject, and renews the claim meanwhile. The round's signal aborts
 * when this process stops, and when another has taken the claim.
 */
export async function claimedRound(
  claims: Claims,
  work: ClaimedWork,
  round: (claim: Claim, signal: AbortSignal) => Promise<Outcome>,
): Promise<Outcome> {
  const claim = await claims.claim(work.subject);
  if (!claim) return elsewhere;
  try {
    return await whileHeld(claims, { ...work, claim }, (signal) => round(claim, signal));
  } catch (thrown) {
    if (thrown instanceof StaleClaim) return elsewhere;
    throw thrown;
  }
}

const elsewhere = waiting("claimed", "Another process does this.", RENEW_MS);

/**
 * Work that may outlast the round it began in keeps that round's claim, so that no other process begins it as well. It is
 * aborted when one has taken the claim, which then begins it anew.
 */
export async function whileHeld<T>(
  { claim: take, logger }: Claims,
  { subject, stopping, claim, repeat: every = repeat }: ClaimedWork & { readonly claim: Claim },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const renew = async () => {
    try {
      // Under another number: somebody else has had it in between.
      if ((await take(subject))?.number !== claim.number) lost.abort();
    } catch (thrown) {
      logger.debug("a claim could not be renewed", { error: errorText(thrown) });
    }
  };
  const stopRenewing = every(() => void renew(), RENEW_MS);
  try {
    return await work(AbortSignal.any([stopping, lost.signal]));
  } finally {
    stopRenewing();
  }
}

/** Work on things beside a reconciler's rounds: started unless it is under way; `ended` waits for all of it. */
export function onceAtATime<T>(work: (on: T) => Promise<void>) {
  const underWay = new Map<string, Promise<void>>();
  return {
    start: (id: string, on: T) => {
      if (underWay.has(id)) return;
      const done = work(on).finally(() => underWay.delete(id));
      underWay.set(id, done);
    },
    ended: async () => void (await Promise.all(underWay.values())),
  };
}
