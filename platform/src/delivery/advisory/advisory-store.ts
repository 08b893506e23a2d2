import { sql } from "kysely";
import type { Db } from "../../kernel/index.ts";
import type { Advisory, AffectedPackage } from "./advisory.ts";

type AdvisoryTables = {
  advisories: {
    id: string;
    hash: string;
    state: string;
    modified: Date | null;
    withdrawn: boolean;
    summary: string;
    aliases: string;
  };
  advisory_packages: { advisory_id: string; type: string; name: string; affected: string };
  advisory_matches: {
    advisory_id: string;
    set_digest: string;
    type: string;
    name: string;
    version: string;
    development: boolean;
    fixed: string;
  };
  advisory_states: { id: number; state: string; loaded_at: Date; advisories: number; problems: string };
};

const tables = (db: Db) => db.withTables<AdvisoryTables>();

/** A package of a set that an advisory touches. */
export interface AdvisoryMatch {
  readonly advisoryId: string;
  readonly setDigest: string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly development: boolean;
  readonly fixed: readonly string[];
}

/** The state of the database that was taken in last; undefined before the first. */
export async function findState(
  db: Db,
): Promise<{ readonly state: string; readonly loadedAt: Date } | undefined> {
  return await tables(db)
    .selectFrom("advisory_states")
    .select(["state", "loaded_at as loadedAt"])
    .executeTakeFirst();
}

export async function keepState(
  db: Db,
  of: {
    readonly state: string;
    readonly now: Date;
    readonly advisories: number;
    readonly problems: readonly string[];
  },
): Promise<void> {
  const row = {
    ...{ state: of.state, loaded_at: of.now, advisories: of.advisories },
    problems: JSON.stringify(of.problems),
  };
  await tables(db)
    .insertInto("advisory_states")
    .values({ id: 1, ...row })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(row))
    .execute();
}

/** Those of these advisories that are on record as they are. */
export async function findUnchanged(trx: Db, wanted: readonly Advisory[]): Promise<ReadonlySet<string>> {
  if (wanted.length === 0) return new Set();
  const hashes = new Map(wanted.map(({ id, hash }) => [id, hash]));
  const rows = await tables(trx)
    .selectFrom("advisories")
    .select(["id", "hash"])
    .where("id", "in", [...hashes.keys()])
    .execute();
  return new Set(rows.filter(({ id, hash }) => hashes.get(id) === hash).map(({ id }) => id));
}

/** Notes that advisories are part of a state. */
export async function markAdvisories(trx: Db, ids: readonly string[], state: string): Promise<void> {
  if (ids.length === 0) return;
  await tables(trx)
    .updateTable("advisories")
    .set({ state })
    .where("id", "in", [...ids])
    .execute();
}

/** Takes in an advisory as it is now. What it touched stays until `keepMatches`. */
export async function putAdvisory(trx: Db, advisory: Advisory, state: string): Promise<void> {
  const { id, packages } = advisory;
  const row = {
    ...{ hash: advisory.hash, state, modified: advisory.modified, withdrawn: advisory.withdrawn },
    ...{ summary: advisory.summary, aliases: JSON.stringify(advisory.aliases) },
  };
  await tables(trx)
    .insertInto("advisories")
    .values({ id, ...row })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(row))
    .execute();
  await tables(trx).deleteFrom("advisory_packages").where("advisory_id", "=", id).execute();
  if (packages.length === 0 || advisory.withdrawn) return;
  await tables(trx)
    .insertInto("advisory_packages")
    .values(
      packages.map((one) => ({
        ...{ advisory_id: id, type: one.type, name: one.name },
        affected: JSON.stringify(one),
      })),
    )
    .execute();
}

/** Forgets advisories that are not part of a state any more. */
export async function dropOthers(db: Db, state: string): Promise<void> {
  await tables(db).deleteFrom("advisories").where("state", "!=", state).execute();
}

/** What advisories say of packages of these names. */
export async function findAffected(
  db: Db,
  type: string,
  names: readonly string[],
): Promise<readonly { readonly advisoryId: string; readonly affected: AffectedPackage }[]> {
  if (names.length === 0) return [];
  return await tables(db)
    .selectFrom("advisory_packages")
    .select(["advisory_id as advisoryId", sql<AffectedPackage>`affected`.as("affected")])
    .where("type", "=", type)
    .where("name", "in", [...names])
    .execute();
}

/** Makes these all that an advisory touches, and returns those it did not touch before. */
export async function keepMatches(
  trx: Db,
  advisoryId: string,
  matches: readonly AdvisoryMatch[],
): Promise<readonly AdvisoryMatch[]> {
  const keyOf = (one: Pick<AdvisoryMatch, "setDigest" | "type" | "name" | "version">) =>
    JSON.stringify([one.setDigest, one.type, one.name, one.version]);
  const before = await tables(trx)
    .deleteFrom("advisory_matches")
    .where("advisory_id", "=", advisoryId)
    .returning(["set_digest as setDigest", "type", "name", "version"])
    .execute();
  const known = new Set(before.map(keyOf));
  await addMatches(trx, matches);
  return matches.filter((match) => !known.has(keyOf(match)));
}

/** Adds matches; those that are there stay. */
export async function addMatches(trx: Db, matches: readonly AdvisoryMatch[]): Promise<void> {
  for (let at = 0; at < matches.length; at += ROWS_AT_ONCE)
    await tables(trx)
      .insertInto("advisory_matches")
      .values(
        matches.slice(at, at + ROWS_AT_ONCE).map((one) => ({
          ...{ advisory_id: one.advisoryId, set_digest: one.setDigest, type: one.type, name: one.name },
          ...{ version: one.version, development: one.development, fixed: JSON.stringify(one.fixed) },
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}

const ROWS_AT_ONCE = 1_000;

/** An advisory that touches something, with what it touches. */
export interface FoundAdvisory {
  readonly id: string;
  readonly modified: Date | null;
  readonly summary: string;
  readonly aliases: readonly string[];
  readonly match: Omit<AdvisoryMatch, "advisoryId">;
}

const selectFound = (db: Db) =>
  tables(db)
    .selectFrom("advisory_matches")
    .innerJoin("advisories", "advisories.id", "advisory_matches.advisory_id")
    .select([
      ...(["advisories.id", "advisories.modified", "advisories.summary"] as const),
      sql<readonly string[]>`advisories.aliases`.as("aliases"),
      sql<FoundAdvisory["match"]>`json_build_object('setDigest', set_digest, 'type', type, 'name', name,
        'version', version, 'development', development, 'fixed', fixed)`.as("match"),
    ])
    .orderBy("advisories.id")
    .orderBy("name")
    .orderBy("version");

/** What touches a set of packages, in the order of the advisories' ids. */
export async function listTouching(db: Db, setDigest: string): Promise<readonly FoundAdvisory[]> {
  return await selectFound(db).where("set_digest", "=", setDigest).execute();
}

/** What an advisory touches, by its id or an alias. */
export async function listTouched(db: Db, identity: string): Promise<readonly FoundAdvisory[]> {
  return await selectFound(db)
    .where(
      sql<boolean>`(advisories.id = ${identity} or advisories.aliases @> ${JSON.stringify([identity])}::jsonb)`,
    )
    .execute();
}

/** Whether an advisory is on record, by its id or an alias. */
export async function hasAdvisory(db: Db, identity: string): Promise<boolean> {
  const row = await tables(db)
    .selectFrom("advisories")
    .select("id")
    .where(sql<boolean>`(id = ${identity} or aliases @> ${JSON.stringify([identity])}::jsonb)`)
    .executeTakeFirst();
  return row !== undefined;
}

/** A release with an image that is made with one of these sets. */
export interface SetRelease {
  readonly setDigest: string;
  readonly appId: string;
  readonly appName: string;
  readonly releaseId: string;
  readonly version: number;
  readonly current: boolean;
}

/** Releases that succeeded and still have their image, newest first within an app; so many at the most. */
export async function listReleasesOf(
  db: Db,
  setDigests: readonly string[],
  most: number,
): Promise<readonly SetRelease[]> {
  if (setDigests.length === 0) return [];
  const { rows } = await sql<SetRelease>`
    select i.set_digest as "setDigest", a.id as "appId", a.name as "appName", r.id as "releaseId", r.version,
      coalesce(h.current_release_id = r.id, false) as current
    from image_components i
    join oci_images o on o.app_id = i.app_id and o.digest = i.image_digest and o.removed_at is null
    join releases r on r.image_id = o.id and r.status = 'succeeded'
    join release_heads h on h.app_id = r.app_id
    join apps a on a.id = r.app_id
    where i.set_digest = any(${[...setDigests]}::text[])
    order by a.name, r.version desc
    limit ${most}`.execute(db);
  return rows;
}

/** Sets that were never looked up, and those that were, noted. */
export async function listUnmatchedSets(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ digest: string }>`
    select digest from component_sets where matched is null order by created_at limit 1000`.execute(db);
  return rows.map(({ digest }) => digest);
}

export async function noteMatched(trx: Db, setDigest: string): Promise<void> {
  await sql`update component_sets set matched = 'yes' where digest = ${setDigest}`.execute(trx);
}
