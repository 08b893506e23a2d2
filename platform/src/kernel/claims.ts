import type { Db } from "./db.ts";

/**
 * Leave to write to an engine about one subject. `number` grows with each claim on that subject; an engine remembers
 * the highest it has seen and refuses a lower one, so that a claimant that was paused past its lease can do no harm.
 */
export interface Claim {
  readonly subject: string;
  readonly number: number;
}

/** A record that is written to under a claim. */
export interface HeldRecord {
  readonly db: Db;
  readonly claim: Claim;
  /** Throws `StaleClaim` when another process has taken the claim; none does until the transaction ends. */
  readonly holdClaim: (trx: Db, claim: Claim) => Promise<void>;
}

/** Does work in a transaction that only who still has the claim gets to. Throws `StaleClaim` for anybody else. */
export async function underClaim<T>(
  { db, claim, holdClaim }: HeldRecord,
  work: (trx: Db) => Promise<T>,
): Promise<T> {
  return await db.transaction().execute(async (trx) => {
    await holdClaim(trx, claim);
    return await work(trx);
  });
}

/** What an engine throws when a write carries an older claim than one it has already seen. */
export class StaleClaim extends Error {
  override readonly name = "StaleClaim";
  constructor(claim: Claim, seen: number) {
    super(`claim ${claim.number} on ${claim.subject} is older than claim ${seen}, which already acted`);
  }
}
