import { sql } from "kysely";
import type { Actor, Db } from "../../kernel/index.ts";
import type { BaseFacts, ImagePlatform } from "../image/index.ts";
import { NO_APPS, type WaveCounts } from "./plan-pass.ts";
import { readLimit, showLimit } from "./plan-waves.ts";
import type { RebasePass, RebaseState, RebaseTurn, RunImageBuild, Standing } from "./rebasing.ts";

type RebaseTables = {
  rebase_passes: {
    id: string;
    status: RebasePass["status"];
    run_image: string;
    wave: number;
    waves: number;
    failure_limit: string;
    forgiven: number;
    at_once: number;
    settle_seconds: number;
    message: string | null;
    actor: string;
    created_at: Date;
    updated_at: Date;
    finished_at: Date | null;
  };
  rebase_turns: {
    pass_id: string;
    app_id: string;
    wave: number;
    place: number;
    state: RebaseState;
    judged: boolean;
    message: string | null;
    from_release_id: string | null;
    release_id: string | null;
    back_release_id: string | null;
    due_at: Date | null;
    released_at: Date | null;
    updated_at: Date;
  };
};

const tables = (db: Db) => db.withTables<RebaseTables>();

const selectPasses = (db: Db) => tables(db).selectFrom("rebase_passes").selectAll();

type PassRow = Awaited<ReturnType<ReturnType<typeof selectPasses>["executeTakeFirstOrThrow"]>>;

function toPass(row: PassRow): RebasePass {
  return {
    id: row.id,
    status: row.status,
    // The driver has parsed what the column holds.
    runImage: row.run_image as unknown as RunImageBuild,
    wave: row.wave,
    waves: row.waves,
    limit: readLimit(row.failure_limit),
    forgiven: row.forgiven,
    atOnce: row.at_once,
    settleSeconds: row.settle_seconds,
    message: row.message,
    actor: row.actor as unknown as Actor,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    finishedAt: row.finished_at,
  };
}

/** An app whose current release has an image, and what that stands on. */
export interface StandingApp extends Standing {
  readonly appId: string;
}

/** Every app that has code, by its current release. */
export async function listStandingApps(db: Db): Promise<readonly StandingApp[]> {
  const { rows } = await sql<{
    app_id: string;
    base: BaseFacts | null;
    architecture: ImagePlatform["architecture"];
  }>`
    select h.app_id, i.info -> 'runImage' as base, i.info ->> 'architecture' as architecture
      from release_heads h
      join releases r on r.id = h.current_release_id
      join oci_images i on i.id = r.image_id
      where i.removed_at is null`.execute(db);
  return rows.map(({ app_id: appId, base, architecture }) => ({
    ...{ appId, architecture, base: base ?? { name: "", topLayer: "" } },
  }));
}

export async function insertPass(
  trx: Db,
  pass: Omit<RebasePass, "updatedAt" | "finishedAt">,
  apps: readonly { readonly appId: string; readonly wave: number }[],
): Promise<void> {
  await tables(trx)
    .insertInto("rebase_passes")
    .values({
      ...{ id: pass.id, status: pass.status, run_image: JSON.stringify(pass.runImage) },
      ...{ wave: pass.wave, waves: pass.waves, failure_limit: showLimit(pass.limit) },
      ...{ forgiven: pass.forgiven, at_once: pass.atOnce, settle_seconds: pass.settleSeconds },
      ...{ message: pass.message, actor: JSON.stringify(pass.actor) },
      ...{ created_at: pass.createdAt, updated_at: pass.createdAt, finished_at: null },
    })
    .execute();
  // In one statement, whatever their number: an app that has gone meanwhile is left out.
  await sql`
    insert into rebase_turns (pass_id, app_id, wave, place, state, judged, updated_at)
    select ${pass.id}::uuid, given.app_id, given.wave, given.place, 'waiting', false, ${pass.createdAt}
      from rows from (
        unnest(${apps.map(({ appId }) => appId)}::uuid[]),
        unnest(${apps.map(({ wave }) => wave)}::int[])
      ) with ordinality as given (app_id, wave, place)
      join apps a on a.id = given.app_id`.execute(trx);
}

/** The pass that has not ended; there is one at the most. */
export async function findOpenPass(db: Db): Promise<RebasePass | undefined> {
  const row = await selectPasses(db).where("finished_at", "is", null).executeTakeFirst();
  return row && toPass(row);
}

export async function findNewestPass(db: Db): Promise<RebasePass | undefined> {
  const row = await selectPasses(db).orderBy("created_at", "desc").orderBy("id").limit(1).executeTakeFirst();
  return row && toPass(row);
}

export async function findPass(db: Db, id: string): Promise<RebasePass | undefined> {
  const row = await selectPasses(db).where("id", "=", id).executeTakeFirst();
  return row && toPass(row);
}

/** Reads and locks a pass: what becomes of it is decided by one at a time. */
export async function findPassForUpdate(trx: Db, id: string): Promise<RebasePass | undefined> {
  const row = await selectPasses(trx).where("id", "=", id).forUpdate().executeTakeFirst();
  return row && toPass(row);
}

/** Passes that go on by themselves. */
export async function listRunningPasses(db: Db): Promise<readonly string[]> {
  const rows = await selectPasses(db).where("status", "=", "running").execute();
  return rows.map(({ id }) => id);
}

export type PassChange = Partial<
  Pick<RebasePass, "status" | "wave" | "forgiven" | "message"> & { readonly finishedAt: Date }
>;

export async function updatePass(trx: Db, id: string, change: PassChange, now: Date): Promise<void> {
  const { finishedAt, ...rest } = change;
  await tables(trx)
    .updateTable("rebase_passes")
    .set({ ...rest, ...(finishedAt === undefined ? {} : { finished_at: finishedAt }), updated_at: now })
    .where("id", "=", id)
    .execute();
}

/** The counts of a pass's apps by wave, from the first. */
export async function countWaves(
  db: Db,
  { id, waves }: Pick<RebasePass, "id" | "waves">,
): Promise<readonly WaveCounts[]> {
  const rows = await tables(db)
    .selectFrom("rebase_turns")
    .select(({ fn }) => ["wave", "state", fn.countAll<string>().as("count")])
    .where("pass_id", "=", id)
    .groupBy(["wave", "state"])
    .execute();
  const counted: Record<RebaseState, number>[] = Array.from({ length: waves }, () => ({ ...NO_APPS }));
  for (const { wave, state, count } of rows) {
    const counts = counted[wave];
    if (counts) counts[state] = Number(count);
  }
  return counted;
}

/** The turn of the wave's next apps has come; returns which. */
export async function beginTurns(
  trx: Db,
  { id, wave }: Pick<RebasePass, "id" | "wave">,
  count: number,
  now: Date,
): Promise<readonly string[]> {
  const rows = await tables(trx)
    .updateTable("rebase_turns")
    .set({ state: "due", due_at: now, message: null, updated_at: now })
    .where("pass_id", "=", id)
    .where("app_id", "in", (next) =>
      next
        .selectFrom("rebase_turns")
        .select("app_id")
        .where("pass_id", "=", id)
        .where("wave", "=", wave)
        .where("state", "=", "waiting")
        .orderBy("place")
        .limit(count),
    )
    .returning("app_id")
    .execute();
  return rows.map((row) => row.app_id);
}

/** Apps whose turn had come and that have no release yet wait again. */
export async function withdrawTurns(trx: Db, passId: string, now: Date): Promise<void> {
  await tables(trx)
    .updateTable("rebase_turns")
    .set({ state: "waiting", due_at: null, message: null, updated_at: now })
    .where("pass_id", "=", passId)
    .where("state", "=", "due")
    .execute();
}

const selectTurns = (db: Db) =>
  tables(db)
    .selectFrom("rebase_turns")
    .select([
      ...(["rebase_turns.wave", "rebase_turns.state", "judged", "rebase_turns.message"] as const),
      "pass_id as passId",
      "app_id as appId",
      "from_release_id as fromReleaseId",
      "release_id as releaseId",
      "back_release_id as backReleaseId",
      "due_at as dueAt",
      "released_at as releasedAt",
      "rebase_turns.updated_at as updatedAt",
    ]);

/** What is to be done for an app: what is watched comes first, then what is due; of the oldest pass first. */
export async function findTurnUnderWay(db: Db, appId: string): Promise<RebaseTurn | undefined> {
  return await selectTurns(db)
    .innerJoin("rebase_passes", "rebase_passes.id", "rebase_turns.pass_id")
    .where("app_id", "=", appId)
    .where("rebase_turns.state", "in", ["watching", "due"])
    .orderBy(sql`rebase_turns.state = 'due'`)
    .orderBy("rebase_passes.created_at")
    .limit(1)
    .executeTakeFirst();
}

/** Reads and locks an app's turn. */
export async function findTurnForUpdate(
  trx: Db,
  { passId, appId }: Pick<RebaseTurn, "passId" | "appId">,
): Promise<RebaseTurn | undefined> {
  return await selectTurns(trx)
    .where("pass_id", "=", passId)
    .where("app_id", "=", appId)
    .forUpdate()
    .executeTakeFirst();
}

/** Ids of apps for which there is something to do. */
export async function listAppsUnderWay(db: Db): Promise<readonly string[]> {
  const rows = await tables(db)
    .selectFrom("rebase_turns")
    .select("app_id")
    .distinct()
    .where("state", "in", ["watching", "due"])
    .execute();
  return rows.map((row) => row.app_id);
}

export type TurnChange = Partial<
  Pick<
    RebaseTurn,
    "state" | "judged" | "message" | "fromReleaseId" | "releaseId" | "backReleaseId" | "releasedAt"
  >
>;

export async function updateTurn(
  trx: Db,
  { passId, appId }: Pick<RebaseTurn, "passId" | "appId">,
  change: TurnChange,
  now: Date,
): Promise<void> {
  const { fromReleaseId, releaseId, backReleaseId, releasedAt, ...rest } = change;
  await tables(trx)
    .updateTable("rebase_turns")
    .set({
      ...rest,
      ...(fromReleaseId === undefined ? {} : { from_release_id: fromReleaseId }),
      ...(releaseId === undefined ? {} : { release_id: releaseId }),
      ...(backReleaseId === undefined ? {} : { back_release_id: backReleaseId }),
      ...(releasedAt === undefined ? {} : { released_at: releasedAt }),
      updated_at: now,
    })
    .where("pass_id", "=", passId)
    .where("app_id", "=", appId)
    .execute();
}

/** An app of a pass, as an operator is shown it. */
export interface ShownTurn {
  readonly app: string;
  readonly wave: number;
  readonly state: RebaseState;
  readonly message: string | null;
  readonly updatedAt: Date;
}

/** Apps of a pass by their place, so many at the most; of one state when it is given. */
export async function listTurns(
  db: Db,
  passId: string,
  { state, most }: { readonly state: RebaseState | undefined; readonly most: number },
): Promise<readonly ShownTurn[]> {
  const { rows } = await sql<ShownTurn>`
    select a.name as app, t.wave, t.state, t.message, t.updated_at as "updatedAt"
      from rebase_turns t join apps a on a.id = t.app_id
      where t.pass_id = ${passId} and (${state ?? null}::text is null or t.state = ${state ?? null})
      order by t.place limit ${most}`.execute(db);
  return rows;
}

/** The digests of run images that a pass which has not ended needs. */
export async function listPassImages(db: Db): Promise<readonly string[]> {
  const rows = await selectPasses(db).where("finished_at", "is", null).execute();
  return rows.flatMap((row) => {
    const { digest, others = [] } = toPass(row).runImage;
    return [digest, ...others.map((other) => other.digest)];
  });
}

/** Forgets passes that ended before a time, but not one whose apps are still looked after. */
export async function deleteOldPasses(db: Db, before: Date): Promise<void> {
  await sql`
    delete from rebase_passes p where p.finished_at < ${before}
      and not exists (select 1 from rebase_turns t where t.pass_id = p.id and t.state = 'watching')`.execute(
    db,
  );
}
