import { sql } from "kysely";
import { type Claim, type Db, StaleClaim } from "../../../kernel/index.ts";

/**
 * Takes or keeps the claim on a subject for `leaseMs`. A new holder gets a higher number than any before; the holder
 * itself keeps its number while its lease has not run out. Undefined while somebody else holds it.
 *
 * The database's clock counts, for claimants are on different nodes: one whose own clock is ahead would take what others
 * hold, and what it held would be nobody's for as long as it was ahead.
 */
export async function takeClaim(
  db: Db,
  wanted: { readonly subject: string; readonly holder: string; readonly leaseMs: number },
): Promise<Claim | undefined> {
  const now = sql`clock_timestamp()`;
  const until = sql`clock_timestamp() + ${wanted.leaseMs} * interval '1 millisecond'`;
  const { rows } = await sql<{ number: string }>`
    insert into claims as c (subject, number, holder, expires_at)
    values (${wanted.subject}, 1, ${wanted.holder}, ${until})
    on conflict (subject) do update set
      number = case when c.holder = ${wanted.holder} and c.expires_at > ${now} then c.number else c.number + 1 end,
      holder = ${wanted.holder}, expires_at = ${until}
    where c.holder = ${wanted.holder} or c.expires_at <= ${now}
    returning number`.execute(db);
  return rows[0] ? { subject: wanted.subject, number: Number(rows[0].number) } : undefined;
}

/**
 * Makes sure in a transaction that nobody else has taken the claim, and that nobody does until it ends: what it reads is as new as
 * what any later claimant reads, and what it writes is seen by all of them. Throws `StaleClaim` when it has been taken. One whose
 * lease has run out still counts while nobody has taken it.
 */
export async function holdClaim(trx: Db, claim: Claim): Promise<void> {
  const { rows } = await sql<{ number: string }>`
    select number from claims where subject = ${claim.subject} for share`.execute(trx);
  const number = Number(rows[0]?.number ?? 0);
  if (number !== claim.number) throw new StaleClaim(claim, number);
}
