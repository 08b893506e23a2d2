import { sql } from "kysely";
import { type Db, isId } from "../../kernel/index.ts";
import type { ImageInfo } from "./image.ts";

/** An image that an app can be released with. */
export interface OciImage {
  readonly id: string;
  readonly appId: string;
  readonly digest: string;
  readonly info: ImageInfo;
  readonly commit: string | null;
  readonly commitDescription: string | null;
  readonly stack: string;
  /** When its content was removed; its record stays for the history. */
  readonly removedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

type ImageTables = {
  oci_images: {
    id: string;
    app_id: string;
    digest: string;
    info: string;
    commit: string | null;
    commit_description: string | null;
    stack: string;
    removed_at: Date | null;
    created_at: Date;
    updated_at: Date;
  };
};

const tables = (db: Db) => db.withTables<ImageTables>();

const selectImages = (db: Db) =>
  tables(db)
    .selectFrom("oci_images")
    .select([
      "id",
      "app_id as appId",
      "digest",
      sql<ImageInfo>`info`.as("info"),
      "commit",
      "commit_description as commitDescription",
      "stack",
      "removed_at as removedAt",
      "created_at as createdAt",
      "updated_at as updatedAt",
    ]);

/** By id or digest; the newest record when several have the digest. */
export async function findImage(db: Db, appId: string, identity: string): Promise<OciImage | undefined> {
  return await selectImages(db)
    .where("app_id", "=", appId)
    .where(isId(identity) ? "id" : "digest", "=", identity)
    .orderBy("created_at", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** The app's newest image that still has its content. */
export async function findNewestImage(db: Db, appId: string): Promise<OciImage | undefined> {
  return await selectImages(db)
    .where("app_id", "=", appId)
    .where("removed_at", "is", null)
    .orderBy("created_at", "desc")
    .limit(1)
    .executeTakeFirst();
}

export async function insertImage(trx: Db, image: Omit<OciImage, "removedAt" | "updatedAt">): Promise<void> {
  await tables(trx)
    .insertInto("oci_images")
    .values({
      id: image.id,
      app_id: image.appId,
      digest: image.digest,
      info: JSON.stringify(image.info),
      commit: image.commit,
      commit_description: image.commitDescription,
      stack: image.stack,
      removed_at: null,
      created_at: image.createdAt,
      updated_at: image.createdAt,
    })
    .execute();
}

/** Records that the content of images is no longer kept. */
export async function markImagesRemoved(trx: Db, ids: readonly string[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  await tables(trx)
    .updateTable("oci_images")
    .set({ removed_at: now, updated_at: now })
    .where("id", "in", ids)
    .where("removed_at", "is", null)
    .execute();
}

/** The digests of all images that still have their content, and those of their process types, each once. */
export async function listKeptDigests(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ digest: string }>`
    select digest from oci_images where removed_at is null
    union
    select process -> 'container' ->> 'image'
      from oci_images, jsonb_array_elements(info -> 'processes') as process
      where removed_at is null and process -> 'container' ->> 'image' is not null`.execute(db);
  return rows.map((row) => row.digest);
}
