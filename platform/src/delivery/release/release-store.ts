import { sql } from "kysely";
import {
  type Actor,
  type Db,
  isId,
  type Page,
  type PagedColumn,
  type PageRequest,
  pageOfRows,
} from "../../kernel/index.ts";
import type { ImageInfo } from "../image/index.ts";
import { parseReleaseIdentity, type Release, type ReleaseCause, type ReleaseStatus } from "./release.ts";

type ReleaseTables = {
  releases: {
    id: string;
    app_id: string;
    version: number;
    status: ReleaseStatus;
    description: string;
    actor: string;
    cause: ReleaseCause;
    image_id: string | null;
    inherits_image: boolean;
    config_id: string;
    build_id: string | null;
    runs_command: boolean;
    created_at: Date;
    updated_at: Date;
  };
  release_heads: {
    app_id: string;
    next_version: number;
    current_release_id: string | null;
    config_id: string;
    newest_build_sequence: string | null;
  };
  oci_images: { id: string; digest: string; info: ImageInfo; removed_at: Date | null };
};

const tables = (db: Db) => db.withTables<ReleaseTables>();

const selectReleases = (db: Db) =>
  tables(db)
    .selectFrom("releases")
    .innerJoin("release_heads", "release_heads.app_id", "releases.app_id")
    .leftJoin("oci_images", "oci_images.id", "releases.image_id")
    .select([
      "releases.id",
      "releases.app_id as appId",
      "releases.version",
      "releases.status",
      "releases.description",
      sql<Actor>`releases.actor`.as("actor"),
      "releases.cause",
      "releases.image_id as imageId",
      "oci_images.digest as imageDigest",
      "oci_images.info as imageInfo",
      sql<boolean>`oci_images.removed_at is not null`.as("imageRemoved"),
      "releases.inherits_image as inheritsImage",
      "releases.config_id as configId",
      "releases.build_id as buildId",
      "releases.runs_command as runsCommand",
      sql<boolean>`coalesce(release_heads.current_release_id = releases.id, false)`.as("current"),
      "releases.created_at as createdAt",
      "releases.updated_at as updatedAt",
    ]);

/** What an app's releases hang on: which is current, and the config that the next one gets. */
export interface ReleaseHead {
  readonly nextVersion: number;
  readonly currentReleaseId: string | null;
  readonly configId: string;
  /** Place in line of the newest build that has released. */
  readonly newestBuild: bigint | null;
}

export async function insertHead(trx: Db, appId: string, configId: string): Promise<void> {
  await tables(trx)
    .insertInto("release_heads")
    .values({
      app_id: appId,
      next_version: 1,
      current_release_id: null,
      config_id: configId,
      newest_build_sequence: null,
    })
    .execute();
}

/** Reads and locks the head: releases of one app are made one after the other. Undefined when the app is gone. */
export async function findHeadForUpdate(trx: Db, appId: string): Promise<ReleaseHead | undefined> {
  const row = await tables(trx)
    .selectFrom("release_heads")
    .selectAll()
    .where("app_id", "=", appId)
    .forUpdate()
    .executeTakeFirst();
  return row && toHead(row);
}

export async function findHead(db: Db, appId: string): Promise<ReleaseHead | undefined> {
  const row = await tables(db)
    .selectFrom("release_heads")
    .selectAll()
    .where("app_id", "=", appId)
    .executeTakeFirst();
  return row && toHead(row);
}

function toHead(row: ReleaseTables["release_heads"]): ReleaseHead {
  return {
    nextVersion: row.next_version,
    currentReleaseId: row.current_release_id,
    configId: row.config_id,
    newestBuild: row.newest_build_sequence === null ? null : BigInt(row.newest_build_sequence),
  };
}

export interface HeadChange {
  readonly nextVersion?: number;
  readonly currentReleaseId?: string;
  readonly configId?: string;
  readonly newestBuild?: bigint;
}

export async function updateHead(trx: Db, appId: string, change: HeadChange): Promise<void> {
  await tables(trx)
    .updateTable("release_heads")
    .set({
      ...(change.nextVersion === undefined ? {} : { next_version: change.nextVersion }),
      ...(change.currentReleaseId === undefined ? {} : { current_release_id: change.currentReleaseId }),
      ...(change.configId === undefined ? {} : { config_id: change.configId }),
      ...(change.newestBuild === undefined ? {} : { newest_build_sequence: String(change.newestBuild) }),
    })
    .where("app_id", "=", appId)
    .execute();
}

export type NewRelease = Omit<
  Release,
  "imageDigest" | "imageInfo" | "imageRemoved" | "current" | "updatedAt"
>;

export async function insertRelease(trx: Db, release: NewRelease): Promise<void> {
  const r = release;
  await tables(trx)
    .insertInto("releases")
    .values({
      id: r.id,
      app_id: r.appId,
      version: r.version,
      status: r.status,
      description: r.description,
      actor: JSON.stringify(r.actor),
      cause: r.cause,
      image_id: r.imageId,
      inherits_image: r.inheritsImage,
      config_id: r.configId,
      build_id: r.buildId,
      runs_command: r.runsCommand,
      created_at: r.createdAt,
      updated_at: r.createdAt,
    })
    .execute();
}

export interface ReleaseChange {
  readonly status?: ReleaseStatus;
  readonly imageId?: string | null;
  readonly runsCommand?: boolean;
  readonly configId?: string;
}

export async function updateRelease(trx: Db, id: string, change: ReleaseChange, now: Date): Promise<void> {
  await tables(trx)
    .updateTable("releases")
    .set({
      updated_at: now,
      ...(change.status === undefined ? {} : { status: change.status }),
      ...(change.imageId === undefined ? {} : { image_id: change.imageId, inherits_image: false }),
      ...(change.configId === undefined ? {} : { config_id: change.configId }),
      ...(change.runsCommand === undefined ? {} : { runs_command: change.runsCommand }),
    })
    .where("id", "=", id)
    .execute();
}

/** By id, version number or `v` and the number. */
export async function findRelease(db: Db, appId: string, identity: string): Promise<Release | undefined> {
  const parsed = parseReleaseIdentity(identity);
  const query = selectReleases(db).where("releases.app_id", "=", appId);
  if ("version" in parsed)
    return await query.where("releases.version", "=", parsed.version).executeTakeFirst();
  if (!isId(parsed.id)) return undefined;
  return await query.where("releases.id", "=", parsed.id).executeTakeFirst();
}

export async function findCurrentRelease(db: Db, appId: string): Promise<Release | undefined> {
  return await selectReleases(db)
    .where("releases.app_id", "=", appId)
    .whereRef("release_heads.current_release_id", "=", "releases.id")
    .executeTakeFirst();
}

/** The pending release that is next in line, if any. */
export async function findNextPending(db: Db, appId: string): Promise<Release | undefined> {
  return await selectReleases(db)
    .where("releases.app_id", "=", appId)
    .where("releases.status", "=", "pending")
    .orderBy("releases.version")
    .limit(1)
    .executeTakeFirst();
}

/** The release with the highest version, whatever became of it. Every app has one. */
export async function findNewestRelease(db: Db, appId: string): Promise<Release | undefined> {
  return await selectReleases(db)
    .where("releases.app_id", "=", appId)
    .orderBy("releases.version", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** Of an app's history so many releases keep their images, however old they are. (design §6) */
const RELEASES_KEPT = 20;

/**
 * Images from before a time that nothing can be done with any more: all their releases are from before it, none is current or in
 * line, and none is among the app's last twenty. Of one app, or of all.
 */
export async function listOutlivedImages(
  db: Db,
  { before, appId = null }: { readonly before: Date; readonly appId?: string | null },
): Promise<readonly { readonly id: string; readonly appId: string }[]> {
  const { rows } = await sql<{ id: string; appId: string }>`
    select i.id, i.app_id as "appId" from oci_images i
    where i.removed_at is null and i.created_at < ${before} and (${appId}::uuid is null or i.app_id = ${appId})
      and not exists (
        select 1 from releases r join release_heads h on h.app_id = r.app_id
        where r.image_id = i.id and (r.created_at >= ${before} or r.status = 'pending'
          or r.id = h.current_release_id or r.version >= h.next_version - ${RELEASES_KEPT}))`.execute(db);
  return rows;
}

/** Ids of apps whose current release has an image. */
export async function listAppsWithCode(db: Db): Promise<ReadonlyMap<string, string>> {
  const rows = await tables(db)
    .selectFrom("release_heads")
    .innerJoin("releases", "releases.id", "release_heads.current_release_id")
    .select(["release_heads.app_id", "releases.id"])
    .where("releases.image_id", "is not", null)
    .execute();
  return new Map(rows.map((row) => [row.app_id, row.id]));
}

/** Ids of apps with a release in line. */
export async function listAppsWithPending(db: Db): Promise<readonly string[]> {
  const rows = await tables(db)
    .selectFrom("releases")
    .select("app_id")
    .distinct()
    .where("status", "=", "pending")
    .execute();
  return rows.map((row) => row.app_id);
}

const COLUMNS: Readonly<Record<string, PagedColumn<Release>>> = {
  id: { column: "releases.id", holds: "text" },
  version: { column: "releases.version", holds: "number" },
  created_at: { column: "releases.created_at", holds: "time", timeOf: (release) => release.createdAt },
};
export const RELEASE_FIELDS = Object.keys(COLUMNS);

export async function listReleases(db: Db, appId: string, page: PageRequest): Promise<Page<Release>> {
  return await pageOfRows(selectReleases(db).where("releases.app_id", "=", appId), page, COLUMNS);
}
