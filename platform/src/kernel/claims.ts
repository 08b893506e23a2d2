/**
 * Leave to write to an engine about one subject. `number` grows with each claim on that subject; an engine remembers
 * the highest it has seen and refuses a lower one, so that a claimant that was paused past its lease can do no harm.
 */
export interface Claim {
  readonly subject: string;
  readonly number: number;
}

/** What an engine throws when a write carries an older claim than one it has already seen. */
export class StaleClaim extends Error {
  override readonly name = "StaleClaim";
  constructor(claim: Claim, seen: number) {
    super(`claim ${claim.number} on ${claim.subject} is older than claim ${seen}, which already acted`);
  }
}
