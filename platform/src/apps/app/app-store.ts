import { sql } from "kysely";
import { type AppRole, type Db, isId, type Page, type PageRequest, sumOfTimes } from "../../kernel/index.ts";
import type { App } from "./app.ts";

type AppTables = {
  apps: {
    id: string;
    name: string;
    owner_id: string;
    region: string;
    stack: string;
    build_stack: string;
    maintenance: boolean;
    buildpack_provided_description: string | null;
    released_at: Date | null;
    created_at: Date;
    updated_at: Date;
  };
  app_features: { app_id: string; name: string; enabled: boolean; updated_at: Date };
  accounts: { id: string; email: string };
  collaborators: { app_id: string; account_id: string };
};

const tables = (db: Db) => db.withTables<AppTables>();

const selectApps = (db: Db) =>
  tables(db)
    .selectFrom("apps")
    .innerJoin("accounts", "accounts.id", "apps.owner_id")
    .select([
      "apps.id",
      "apps.name",
      "apps.owner_id as ownerId",
      "accounts.email as ownerEmail",
      "apps.region",
      "apps.stack",
      "apps.build_stack as buildStack",
      "apps.maintenance",
      "apps.buildpack_provided_description as buildpackProvidedDescription",
      "apps.released_at as releasedAt",
      "apps.created_at as createdAt",
      "apps.updated_at as updatedAt",
    ]);

/** Finds by id or name, whatever their case: both are kept in lower case. */
export async function findApp(db: Db, identity: string): Promise<App | undefined> {
  const wanted = identity.toLowerCase();
  return await selectApps(db)
    .where(isId(wanted) ? "apps.id" : "apps.name", "=", wanted)
    .executeTakeFirst();
}

/**
 * Finds and locks the app's row until the transaction ends: version numbers, events and deletion are ordered by it.
 * Call it before the transaction writes anything. The lock before the row's own is for the events: waiting for a row
 * that another transaction has changed already gives this one its number, and events are read in the order of those
 * numbers, so the wait must come first.
 */
export async function findAppForUpdate(trx: Db, id: string): Promise<App | undefined> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${id}, 6400))`.execute(trx);
  return await selectApps(trx).where("apps.id", "=", id).forUpdate("apps").executeTakeFirst();
}

export async function findRole(db: Db, appId: string, accountId: string): Promise<AppRole> {
  const { rows } = await sql<{ role: AppRole }>`
    select case when a.owner_id = ${accountId} then 'owner'
                when exists (select 1 from collaborators c where c.app_id = a.id and c.account_id = ${accountId}) then 'collaborator'
                else 'none' end as role
    from apps a where a.id = ${appId}`.execute(db);
  return rows[0]?.role ?? "none";
}

/** Apps the account owns or works on; `ids` narrows them. */
export async function listApps(
  db: Db,
  wanted: { readonly accountId: string; readonly ids?: readonly string[]; readonly page: PageRequest },
): Promise<Page<App>> {
  const { accountId, ids, page } = wanted;
  const column = page.field === "name" ? "apps.name" : "apps.id";
  let query = selectApps(db)
    .where((eb) =>
      eb.or([
        eb("apps.owner_id", "=", accountId),
        eb(
          "apps.id",
          "in",
          eb.selectFrom("collaborators").select("app_id").where("account_id", "=", accountId),
        ),
      ]),
    )
    .orderBy(column, page.order)
    .limit(page.max + 1);
  if (ids) query = ids.length === 0 ? query.where(sql<boolean>`false`) : query.where("apps.id", "in", ids);
  const [after, until] = page.order === "asc" ? ([">", "<="] as const) : (["<", ">="] as const);
  if (page.start)
    query = query.where(
      sql`${sql.ref(column)}::text`,
      page.start.inclusive ? `${after}=` : after,
      page.start.value,
    );
  if (page.end) query = query.where(sql`${sql.ref(column)}::text`, until, page.end);
  const items = await query.execute();
  return { items: items.slice(0, page.max), more: items.length > page.max };
}

/** Names of some apps the account owns, at most `limit`. */
export async function listOwnedApps(db: Db, accountId: string, limit: number): Promise<readonly string[]> {
  const rows = await tables(db)
    .selectFrom("apps")
    .select("name")
    .where("owner_id", "=", accountId)
    .orderBy("name")
    .limit(limit)
    .execute();
  return rows.map((row) => row.name);
}

/** All apps there are, for what must hold for each of them. */
export async function listAllApps(db: Db): Promise<readonly App[]> {
  return await selectApps(db).execute();
}

export interface NewApp {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly region: string;
  readonly stack: string;
  readonly now: Date;
}

export async function insertApp(trx: Db, app: NewApp): Promise<void> {
  await tables(trx)
    .insertInto("apps")
    .values({
      id: app.id,
      name: app.name,
      owner_id: app.ownerId,
      region: app.region,
      stack: app.stack,
      build_stack: app.stack,
      maintenance: false,
      buildpack_provided_description: null,
      released_at: null,
      created_at: app.now,
      updated_at: app.now,
    })
    .execute();
}

export interface AppChange {
  readonly name?: string;
  readonly maintenance?: boolean;
  readonly buildStack?: string;
  readonly stack?: string;
  readonly buildpackProvidedDescription?: string | null;
  readonly releasedAt?: Date;
}

export async function updateApp(trx: Db, id: string, change: AppChange, now: Date): Promise<void> {
  await tables(trx)
    .updateTable("apps")
    .set({
      updated_at: now,
      ...(change.name === undefined ? {} : { name: change.name }),
      ...(change.maintenance === undefined ? {} : { maintenance: change.maintenance }),
      ...(change.buildStack === undefined ? {} : { build_stack: change.buildStack }),
      ...(change.stack === undefined ? {} : { stack: change.stack }),
      ...(change.releasedAt === undefined ? {} : { released_at: change.releasedAt }),
      ...(change.buildpackProvidedDescription === undefined
        ? {}
        : { buildpack_provided_description: change.buildpackProvidedDescription }),
    })
    .where("id", "=", id)
    .execute();
}

export async function deleteApp(trx: Db, id: string): Promise<void> {
  await tables(trx).deleteFrom("apps").where("id", "=", id).execute();
}

/** The switches that were ever set on the app. */
export async function listFeatureSettings(
  db: Db,
  appId: string,
): Promise<ReadonlyMap<string, { enabled: boolean; updatedAt: Date }>> {
  const rows = await tables(db).selectFrom("app_features").selectAll().where("app_id", "=", appId).execute();
  return new Map(rows.map((row) => [row.name, { enabled: row.enabled, updatedAt: row.updated_at }]));
}

/** A text that changes whenever one of an app's switches is set; apps without any are left out. */
export async function listFeatureChanges(db: Db): Promise<ReadonlyMap<string, string>> {
  const rows = await tables(db)
    .selectFrom("app_features")
    .select(["app_id", sumOfTimes("updated_at").as("changed")])
    .groupBy("app_id")
    .execute();
  return new Map(rows.map(({ app_id, changed }) => [app_id, changed]));
}

export async function setFeature(
  trx: Db,
  setting: { readonly appId: string; readonly name: string; readonly enabled: boolean; readonly now: Date },
): Promise<void> {
  const { appId, name, enabled, now } = setting;
  await tables(trx)
    .insertInto("app_features")
    .values({ app_id: appId, name, enabled, updated_at: now })
    .onConflict((c) => c.columns(["app_id", "name"]).doUpdateSet({ enabled, updated_at: now }))
    .execute();
}
