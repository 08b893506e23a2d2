import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { Db } from "../../kernel/index.ts";
import type { Component, Inventory } from "./component.ts";

type InventoryTables = {
  component_sets: { digest: string; created_at: Date };
  components: {
    set_digest: string;
    type: string;
    name: string;
    version: string;
    qualifiers: string;
    development: boolean;
  };
  image_components: { app_id: string; image_digest: string; set_digest: string };
};

const tables = (db: Db) => db.withTables<InventoryTables>();

/** A package as it is on record: what advisories are looked up by. */
export type RecordedComponent = Required<
  Pick<Component, "type" | "name" | "version" | "qualifiers" | "development">
>;

/** Rows of one statement: PostgreSQL takes 65,535 parameters. */
const ROWS_AT_ONCE = 5_000;

/**
 * Records what an image of an app was made with. Images with the same packages, as a change of code alone makes them, share
 * one set. Doing it again changes nothing. Returns the set's digest.
 */
export async function recordInventory(
  trx: Db,
  of: {
    readonly appId: string;
    readonly imageDigest: string;
    readonly inventory: Inventory;
    readonly now: Date;
  },
): Promise<string> {
  const rows = of.inventory.components.map((one) => {
    const { type, version, qualifiers = {}, development } = one;
    return { type, name: advisedName(one), version, qualifiers, development };
  });
  const digest = createHash("sha256").update(JSON.stringify(rows)).digest("hex");
  const added = await tables(trx)
    .insertInto("component_sets")
    .values({ digest, created_at: of.now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if ((added.numInsertedOrUpdatedRows ?? 0n) > 0n)
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
      await tables(trx)
        .insertInto("components")
        .values(
          rows.slice(at, at + ROWS_AT_ONCE).map((row) => ({
            ...row,
            set_digest: digest,
            qualifiers: JSON.stringify(row.qualifiers),
          })),
        )
        .execute();
  await tables(trx)
    .insertInto("image_components")
    .values({ app_id: of.appId, image_digest: of.imageDigest, set_digest: digest })
    .onConflict((conflict) =>
      conflict.columns(["app_id", "image_digest"]).doUpdateSet({ set_digest: digest }),
    )
    .execute();
  return digest;
}

/** Advisories of Debian name source packages, which a package's `upstream` tells when its own name is another. */
function advisedName({ type, name, qualifiers }: Component): string {
  const upstream = type === "deb" ? qualifiers?.upstream?.replace(/[@ ].*$/, "") : undefined;
  return upstream || name;
}

/** Records that an app's image has the packages of another one of its images, if those are on record. */
export async function copyInventory(
  trx: Db,
  of: { readonly appId: string; readonly fromDigest: string; readonly imageDigest: string },
): Promise<void> {
  await sql`
    insert into image_components (app_id, image_digest, set_digest)
    select app_id, ${of.imageDigest}, set_digest from image_components
      where app_id = ${of.appId} and image_digest = ${of.fromDigest}
    on conflict (app_id, image_digest) do update set set_digest = excluded.set_digest`.execute(trx);
}

/** The digest of the set that an image has; undefined for one from before it was recorded. */
export async function findSetOf(db: Db, appId: string, imageDigest: string): Promise<string | undefined> {
  const row = await tables(db)
    .selectFrom("image_components")
    .select("set_digest")
    .where("app_id", "=", appId)
    .where("image_digest", "=", imageDigest)
    .executeTakeFirst();
  return row?.set_digest;
}

export async function listComponents(db: Db, setDigest: string): Promise<readonly RecordedComponent[]> {
  return await tables(db)
    .selectFrom("components")
    .select([
      "type",
      "name",
      "version",
      "development",
      sql<Record<string, string>>`qualifiers`.as("qualifiers"),
    ])
    .where("set_digest", "=", setDigest)
    .execute();
}

/** All different packages of these names in all sets, with the sets that have them. */
export async function findComponents(
  db: Db,
  type: string,
  names: readonly string[],
): Promise<readonly (RecordedComponent & { readonly setDigest: string })[]> {
  if (names.length === 0) return [];
  return await tables(db)
    .selectFrom("components")
    .select([
      "set_digest as setDigest",
      ...(["type", "name", "version", "development"] as const),
      sql<Record<string, string>>`qualifiers`.as("qualifiers"),
    ])
    .where("type", "=", type)
    .where("name", "in", [...names])
    .execute();
}

/** Forgets sets that no image has any more. */
export async function forgetUnusedSets(db: Db): Promise<void> {
  await sql`
    delete from component_sets s
    where not exists (select 1 from image_components i where i.set_digest = s.digest)`.execute(db);
}
