import { type ExpressionBuilder, sql } from "kysely";
import { type Db, isId, type Page, type PageRequest, pageOfRows } from "../../kernel/index.ts";
import type { Pipeline, PipelineCoupling, Stage } from "./pipeline.ts";

type PipelineTables = {
  pipelines: { id: string; name: string; owner_id: string; created_at: Date; updated_at: Date };
  pipeline_couplings: {
    id: string;
    app_id: string;
    pipeline_id: string;
    stage: Stage;
    created_at: Date;
    updated_at: Date;
  };
};

const tables = (db: Db) => db.withTables<PipelineTables>();

const selectPipelines = (db: Db) =>
  tables(db)
    .selectFrom("pipelines")
    .select([
      "pipelines.id",
      "pipelines.name",
      "pipelines.owner_id as ownerId",
      "pipelines.created_at as createdAt",
      "pipelines.updated_at as updatedAt",
    ]);

const selectCouplings = (db: Db) =>
  tables(db)
    .selectFrom("pipeline_couplings")
    .innerJoin("pipelines", "pipelines.id", "pipeline_couplings.pipeline_id")
    .select([
      "pipeline_couplings.id",
      "pipeline_couplings.app_id as appId",
      "pipeline_couplings.pipeline_id as pipelineId",
      "pipelines.name as pipelineName",
      "pipelines.owner_id as pipelineOwnerId",
      "pipeline_couplings.stage",
      "pipeline_couplings.created_at as createdAt",
      "pipeline_couplings.updated_at as updatedAt",
    ]);

/** The apps an account owns or works on. */
const appsOf = (accountId: string) => sql<string>`(
  select a.id from apps a where a.owner_id = ${accountId}
  union select c.app_id from collaborators c where c.account_id = ${accountId})`;

/** Whose pipeline it is, or who works on one of its apps. */
const seenBy = (accountId: string) => (eb: ExpressionBuilder<PipelineTables, "pipelines">) =>
  eb.or([
    eb("pipelines.owner_id", "=", accountId),
    sql<boolean>`exists (select 1 from pipeline_couplings c
      where c.pipeline_id = pipelines.id and c.app_id in ${appsOf(accountId)})`,
  ]);

/** Pipelines the account may see; `name` narrows them. */
export async function listPipelines(
  db: Db,
  wanted: { readonly accountId: string; readonly name?: string | undefined; readonly page: PageRequest },
): Promise<Page<Pipeline>> {
  let rows = selectPipelines(db).where(seenBy(wanted.accountId));
  if (wanted.name !== undefined) rows = rows.where("pipelines.name", "=", wanted.name);
  return await pageOfRows(rows, wanted.page, {
    id: { column: "pipelines.id", holds: "text" },
    name: { column: "pipelines.name", holds: "text" },
  });
}

/** One the account may see, by id or name; of several of a name its own goes first, then the oldest. */
export async function findPipeline(
  db: Db,
  identity: string,
  accountId: string,
): Promise<Pipeline | undefined> {
  const wanted = identity.toLowerCase();
  return await selectPipelines(db)
    .where(seenBy(accountId))
    .where(isId(wanted) ? "pipelines.id" : "pipelines.name", "=", wanted)
    .orderBy(sql`pipelines.owner_id <> ${accountId}`)
    .orderBy("pipelines.created_at")
    .executeTakeFirst();
}

export async function insertPipeline(
  trx: Db,
  made: { readonly id: string; readonly name: string; readonly ownerId: string; readonly now: Date },
): Promise<void> {
  await tables(trx)
    .insertInto("pipelines")
    .values({
      id: made.id,
      name: made.name,
      owner_id: made.ownerId,
      created_at: made.now,
      updated_at: made.now,
    })
    .execute();
}

export async function renamePipeline(trx: Db, id: string, name: string, now: Date): Promise<void> {
  await tables(trx).updateTable("pipelines").set({ name, updated_at: now }).where("id", "=", id).execute();
}

/** Its couplings go with it; its apps stay. */
export async function deletePipeline(trx: Db, id: string): Promise<void> {
  await tables(trx).deleteFrom("pipelines").where("id", "=", id).execute();
}

/** Couplings of apps the account works on, and those of its own pipelines; `pipelineId` narrows them. */
export async function listCouplings(
  db: Db,
  wanted: {
    readonly accountId: string;
    readonly pipelineId?: string | undefined;
    readonly page: PageRequest;
  },
): Promise<Page<PipelineCoupling>> {
  const { accountId, pipelineId, page } = wanted;
  let rows = selectCouplings(db).where(
    sql<boolean>`(pipelines.owner_id = ${accountId} or pipeline_couplings.app_id in ${appsOf(accountId)})`,
  );
  if (pipelineId !== undefined) rows = rows.where("pipeline_couplings.pipeline_id", "=", pipelineId);
  return await pageOfRows(rows, page, { id: { column: "pipeline_couplings.id", holds: "text" } });
}

export async function findCoupling(db: Db, id: string): Promise<PipelineCoupling | undefined> {
  if (!isId(id)) return undefined;
  return await selectCouplings(db).where("pipeline_couplings.id", "=", id).executeTakeFirst();
}

export async function findCouplingOfApp(db: Db, appId: string): Promise<PipelineCoupling | undefined> {
  return await selectCouplings(db).where("pipeline_couplings.app_id", "=", appId).executeTakeFirst();
}

export async function insertCoupling(
  trx: Db,
  made: Pick<PipelineCoupling, "id" | "appId" | "pipelineId" | "stage"> & { readonly now: Date },
): Promise<void> {
  await tables(trx)
    .insertInto("pipeline_couplings")
    .values({
      id: made.id,
      app_id: made.appId,
      pipeline_id: made.pipelineId,
      stage: made.stage,
      created_at: made.now,
      updated_at: made.now,
    })
    .execute();
}

export async function moveCoupling(trx: Db, id: string, stage: Stage, now: Date): Promise<void> {
  await tables(trx)
    .updateTable("pipeline_couplings")
    .set({ stage, updated_at: now })
    .where("id", "=", id)
    .execute();
}

export async function deleteCoupling(trx: Db, id: string): Promise<void> {
  await tables(trx).deleteFrom("pipeline_couplings").where("id", "=", id).execute();
}
