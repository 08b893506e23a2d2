import { sql } from "kysely";
import {
  type Actor,
  type Clock,
  type Db,
  type HeldRecord,
  isId,
  type Page,
  type PagedColumn,
  type PageRequest,
  pageOfRows,
  underClaim,
} from "../../kernel/index.ts";
import type { Build, BuildStatus } from "./build.ts";

type BuildTables = {
  builds: {
    id: string;
    app_id: string;
    sequence: string;
    actor: string;
    status: BuildStatus;
    source_digest: string | null;
    source_url: string | null;
    source_checksum: string | null;
    source_version: string | null;
    source_description: string | null;
    git_ref: string | null;
    stack: string;
    message: string | null;
    image_id: string | null;
    release_id: string | null;
    built_digest: string | null;
    built_config_id: string | null;
    started_at: Date | null;
    attempts: number;
    created_at: Date;
    updated_at: Date;
    finished_at: Date | null;
  };
};

const tables = (db: Db) => db.withTables<BuildTables>();

const selectBuilds = (db: Db) =>
  tables(db)
    .selectFrom("builds")
    .select([
      "id",
      "app_id as appId",
      "sequence",
      sql<Actor>`actor`.as("actor"),
      "status",
      "source_digest as sourceDigest",
      "source_url as sourceUrl",
      "source_checksum as sourceChecksum",
      "source_version as sourceVersion",
      "source_description as sourceDescription",
      "git_ref as gitRef",
      "stack",
      "message",
      "image_id as imageId",
      "release_id as releaseId",
      "attempts",
      "started_at as startedAt",
      "created_at as createdAt",
      "updated_at as updatedAt",
      "finished_at as finishedAt",
    ]);

type Row = Omit<Build, "sequence"> & { sequence: string };
const fromRow = (row: Row): Build => ({ ...row, sequence: BigInt(row.sequence) });

export interface NewBuild {
  readonly id: string;
  readonly appId: string;
  readonly actor: Actor;
  readonly sourceDigest: string | null;
  readonly sourceUrl: string | null;
  readonly sourceChecksum: string | null;
  readonly sourceVersion: string | null;
  readonly sourceDescription: string | null;
  readonly gitRef: string | null;
  readonly stack: string;
  readonly now: Date;
}

/** The caller holds the app's lock, so that places in line are given in the order of commits. */
export async function insertBuild(trx: Db, build: NewBuild): Promise<void> {
  const b = build;
  await sql`
    insert into builds (id, app_id, actor, status, source_digest, source_url, source_checksum, source_version,
      source_description, git_ref, stack, created_at, updated_at)
    values (${b.id}, ${b.appId}, ${JSON.stringify(b.actor)}, 'pending', ${b.sourceDigest}, ${b.sourceUrl},
      ${b.sourceChecksum}, ${b.sourceVersion}, ${b.sourceDescription}, ${b.gitRef}, ${b.stack}, ${b.now}, ${b.now})`.execute(
    trx,
  );
}

export async function findBuild(db: Db, appId: string, id: string): Promise<Build | undefined> {
  if (!isId(id)) return undefined;
  const row = await selectBuilds(db).where("app_id", "=", appId).where("id", "=", id).executeTakeFirst();
  return row && fromRow(row);
}

/** By id alone: for Conifer's own parts, which got the id from a checked caller. */
export async function findBuildById(db: Db, id: string): Promise<Build | undefined> {
  const row = await selectBuilds(db).where("id", "=", id).executeTakeFirst();
  return row && fromRow(row);
}

export async function findNextBuild(db: Db, appId: string): Promise<Build | undefined> {
  const row = await selectBuilds(db)
    .where("app_id", "=", appId)
    .where("status", "=", "pending")
    .orderBy("sequence")
    .limit(1)
    .executeTakeFirst();
  return row && fromRow(row);
}

/** A build that made this image of this content with this config. */
export async function findBuildOf(
  db: Db,
  of: Readonly<Record<"appId" | "imageId" | "builtDigest" | "builtConfigId", string>>,
): Promise<Build | undefined> {
  const row = await selectBuilds(db)
    .where("app_id", "=", of.appId)
    .where("image_id", "=", of.imageId)
    .where("built_digest", "=", of.builtDigest)
    .where("built_config_id", "=", of.builtConfigId)
    .limit(1)
    .executeTakeFirst();
  return row && fromRow(row);
}

export async function countBuildsBefore(db: Db, build: Build): Promise<number> {
  const row = await tables(db)
    .selectFrom("builds")
    .select(sql<string>`count(*)`.as("count"))
    .where("app_id", "=", build.appId)
    .where("status", "=", "pending")
    .where("sequence", "<", String(build.sequence))
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

/** Ids of apps with a build that has not finished, or that has and has not been told to its end. */
export async function listAppsWithBuilds(db: Db): Promise<readonly string[]> {
  const rows = await tables(db)
    .selectFrom("builds")
    .select("app_id")
    .distinct()
    .where("finished_at", "is", null)
    .execute();
  return rows.map((row) => row.app_id);
}

/**
 * The sources of builds that are under way, were made since a time, or made an image that is still there: all that an app is
 * built of again, and what its releases came from.
 */
export async function listKeptSources(db: Db, since: Date): Promise<readonly string[]> {
  const { rows } = await sql<{ digest: string }>`
    select distinct source.digest from builds b
      cross join lateral (values (b.source_digest), (b.built_digest)) as source (digest)
    where source.digest is not null and (b.finished_at is null or b.finished_at >= ${since} or exists (
      select 1 from oci_images i where i.id = b.image_id and i.removed_at is null))`.execute(db);
  return rows.map((row) => row.digest);
}

/** The app's builds that have a result which their output does not tell yet. */
export async function listUntoldBuilds(db: Db, appId: string): Promise<readonly Build[]> {
  const rows = await selectBuilds(db)
    .where("app_id", "=", appId)
    .where("finished_at", "is", null)
    .where("status", "!=", "pending")
    .orderBy("sequence")
    .execute();
  return rows.map(fromRow);
}

/** The build's output has come to its end: nothing is left to do for it. */
export async function finishBuild(db: Db, id: string, now: Date): Promise<void> {
  await tables(db)
    .updateTable("builds")
    .set({ finished_at: now })
    .where("id", "=", id)
    .where("finished_at", "is", null)
    .execute();
}

export interface BuildChange {
  readonly status?: BuildStatus;
  readonly sourceDigest?: string;
  readonly message?: string;
  readonly imageId?: string;
  readonly releaseId?: string;
  /** What of its source is built, and with which config. */
  readonly builtDigest?: string;
  readonly builtConfigId?: string;
  readonly attempts?: number;
  readonly startedAt?: Date;
}

/** Changes a build that is still pending; false when it is not, for instance because it was cancelled meanwhile. */
export async function updatePendingBuild(
  trx: Db,
  id: string,
  change: BuildChange,
  now: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await pendingUpdate(trx, id, change, now).executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Notes something of a build that is still pending. Throws `StaleClaim` when another process looks after it. */
export async function noteOfBuild(
  id: string,
  change: BuildChange,
  deps: HeldRecord & { readonly clock: Clock },
): Promise<void> {
  await underClaim(deps, (trx) => updatePendingBuild(trx, id, change, deps.clock()));
}

/** Cancels a build that has no image yet; false when it is too late for that. */
export async function cancelPendingBuild(
  trx: Db,
  id: string,
  change: Pick<BuildChange, "message">,
  now: Date,
): Promise<boolean> {
  const cancelled = pendingUpdate(trx, id, { ...change, status: "cancelled" }, now);
  const { numUpdatedRows } = await cancelled.where("image_id", "is", null).executeTakeFirst();
  return numUpdatedRows > 0n;
}

function pendingUpdate(trx: Db, id: string, change: BuildChange, now: Date) {
  return tables(trx)
    .updateTable("builds")
    .set({
      updated_at: now,
      ...(change.status === undefined ? {} : { status: change.status }),
      ...(change.sourceDigest === undefined ? {} : { source_digest: change.sourceDigest }),
      ...(change.message === undefined ? {} : { message: change.message }),
      ...(change.imageId === undefined ? {} : { image_id: change.imageId }),
      ...(change.releaseId === undefined ? {} : { release_id: change.releaseId }),
      ...(change.builtDigest === undefined ? {} : { built_digest: change.builtDigest }),
      ...(change.builtConfigId === undefined ? {} : { built_config_id: change.builtConfigId }),
      ...(change.attempts === undefined ? {} : { attempts: change.attempts }),
      ...(change.startedAt === undefined ? {} : { started_at: change.startedAt }),
    })
    .where("id", "=", id)
    .where("status", "=", "pending");
}

const COLUMNS: Readonly<Record<string, PagedColumn<Row>>> = {
  id: { column: "id", holds: "text" },
  created_at: { column: "created_at", holds: "time", timeOf: (row) => row.createdAt },
};
export const BUILD_FIELDS = Object.keys(COLUMNS);

export async function listBuilds(db: Db, appId: string, page: PageRequest): Promise<Page<Build>> {
  const { items, more } = await pageOfRows<Row>(selectBuilds(db).where("app_id", "=", appId), page, COLUMNS);
  return { items: items.map(fromRow), more };
}

/** Whether a push of a commit to a ref was built, and its build has succeeded. */
export async function hasBuilt(
  db: Db,
  { appId, ref, commit }: { readonly appId: string; readonly ref: string; readonly commit: string },
): Promise<boolean> {
  const found = await tables(db)
    .selectFrom("builds")
    .select("id")
    .where("app_id", "=", appId)
    .where("git_ref", "=", ref)
    .where("source_version", "=", commit)
    .where("status", "=", "succeeded")
    .limit(1)
    .execute();
  return found.length > 0;
}
