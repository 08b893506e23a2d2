import type { RequestBodies } from "@conifer/contract";
import {
  type AppRole,
  type BusinessError,
  type Clock,
  type Db,
  forbidden,
  invalidParams,
  type NewId,
  notFound,
  type Principal,
} from "../../kernel/index.ts";
import {
  checkPipelineName,
  GENERATION,
  type Pipeline,
  type PipelineCoupling,
  type Stage,
} from "./pipeline.ts";
import {
  deleteCoupling,
  deletePipeline,
  findCoupling,
  findCouplingOfApp,
  findPipeline,
  insertCoupling,
  insertPipeline,
  moveCoupling,
  renamePipeline,
} from "./pipeline-store.ts";

export interface PipelineDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  /** The name of the unique constraint a write ran into. */
  readonly violatedConstraint: (thrown: unknown) => string | undefined;
  /** The app of that id or name, with what the account may do on it. */
  readonly findApp: (
    identity: string,
    principal: Principal,
  ) => Promise<{ readonly id: string; readonly name: string; readonly role: AppRole } | undefined>;
}

/** Makes a pipeline of the caller's. Throws invalid_params for a bad or taken name, another owner or generation. */
export async function createPipeline(
  wanted: RequestBodies["POST /pipelines"],
  caller: Principal,
  deps: PipelineDependencies,
): Promise<Pipeline> {
  checkPipelineName(wanted.name);
  checkGeneration(wanted.generation);
  const { owner } = wanted;
  if (owner?.type === "team") throw notFound("team");
  if (owner && owner.id !== caller.accountId) throw invalidParams("A pipeline is made by its owner.");
  const id = deps.newId();
  await named(wanted.name, deps, () =>
    insertPipeline(deps.db, { id, name: wanted.name, ownerId: caller.accountId, now: deps.clock() }),
  );
  return await requirePipeline(id, caller, deps);
}

function checkGeneration(wanted: RequestBodies["POST /pipelines"]["generation"]): void {
  const name = typeof wanted === "string" ? wanted : wanted?.name;
  if (name && name !== GENERATION)
    throw invalidParams(
      `Generation ${name.slice(0, 30)} is not available. Apps and pipelines are ${GENERATION}.`,
    );
}

/** Throws not_found for one that the caller may not see. */
export async function requirePipeline(
  identity: string,
  caller: Principal,
  deps: Pick<PipelineDependencies, "db">,
): Promise<Pipeline> {
  const found = await findPipeline(deps.db, identity, caller.accountId);
  if (!found) throw notFound("pipeline");
  return found;
}

/** Renames it, when another name is wanted. Throws forbidden for anybody but its owner. */
export async function changePipeline(
  identity: string,
  { name }: { readonly name?: string },
  call: { readonly caller: Principal; readonly deps: PipelineDependencies },
): Promise<Pipeline> {
  const { caller, deps } = call;
  const found = await requireOwn(identity, call);
  if (name === undefined || name === found.name) return found;
  checkPipelineName(name);
  await named(name, deps, () => renamePipeline(deps.db, found.id, name, deps.clock()));
  return await requirePipeline(found.id, caller, deps);
}

/** Removes it and what it says of its apps, which stay. Throws forbidden for anybody but its owner. */
export async function destroyPipeline(
  identity: string,
  call: { readonly caller: Principal; readonly deps: PipelineDependencies },
): Promise<Pipeline> {
  const found = await requireOwn(identity, call);
  await deletePipeline(call.deps.db, found.id);
  return found;
}

async function requireOwn(
  identity: string,
  { caller, deps }: { readonly caller: Principal; readonly deps: PipelineDependencies },
): Promise<Pipeline> {
  const found = await requirePipeline(identity, caller, deps);
  if (found.ownerId !== caller.accountId)
    throw forbidden("Only the pipeline's owner may do that. Ask them to.");
  return found;
}

async function named(
  name: string,
  deps: Pick<PipelineDependencies, "violatedConstraint">,
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (thrown) {
    if (deps.violatedConstraint(thrown) !== "pipelines_owner_name") throw thrown;
    throw invalidParams(`You have a pipeline named ${name} already. Choose another name.`);
  }
}

/**
 * Puts an app into a pipeline. Throws not_found for an app or a pipeline that the caller has nothing to do with, and
 * invalid_params for an app that is in a pipeline.
 */
export async function coupleApp(
  wanted: { readonly app: string; readonly pipeline: string; readonly stage: Stage },
  caller: Principal,
  deps: PipelineDependencies,
): Promise<PipelineCoupling> {
  const app = await deps.findApp(wanted.app, caller);
  if (!app || app.role === "none") throw notFound("app");
  const pipeline = await requirePipeline(wanted.pipeline, caller, deps);
  const id = deps.newId();
  const made = { id, appId: app.id, pipelineId: pipeline.id, stage: wanted.stage, now: deps.clock() };
  try {
    await insertCoupling(deps.db, made);
  } catch (thrown) {
    const violated = deps.violatedConstraint(thrown);
    if (violated === "pipeline_couplings_app") throw await coupledAlready(app, deps);
    if (violated === "pipeline_couplings_app_id_fkey") throw notFound("app");
    if (violated === "pipeline_couplings_pipeline_id_fkey") throw notFound("pipeline");
    throw thrown;
  }
  return await requireCoupling(id, caller, deps);
}

async function coupledAlready(
  app: { readonly id: string; readonly name: string },
  { db }: Pick<PipelineDependencies, "db">,
): Promise<BusinessError> {
  const found = await findCouplingOfApp(db, app.id);
  const where = found ? `the pipeline ${found.pipelineName} (${found.stage})` : "a pipeline";
  return invalidParams(
    `The app ${app.name} is in ${where} already. Take it out first: heroku pipelines:remove -a ${app.name}`,
  );
}

/** Throws not_found unless the caller owns its pipeline or works on its app. */
export async function requireCoupling(
  id: string,
  caller: Principal,
  deps: Pick<PipelineDependencies, "db" | "findApp">,
): Promise<PipelineCoupling> {
  const found = await findCoupling(deps.db, id.toLowerCase());
  if (!found) throw notFound("pipeline_coupling");
  if (found.pipelineOwnerId === caller.accountId) return found;
  const app = await deps.findApp(found.appId, caller);
  if (!app || app.role === "none") throw notFound("pipeline_coupling");
  return found;
}

/** Gives an app another stage of its pipeline. */
export async function changeCoupling(
  id: string,
  { stage }: { readonly stage?: Stage },
  call: { readonly caller: Principal; readonly deps: PipelineDependencies },
): Promise<PipelineCoupling> {
  const { caller, deps } = call;
  const found = await requireCoupling(id, caller, deps);
  if (stage === undefined || stage === found.stage) return found;
  await moveCoupling(deps.db, found.id, stage, deps.clock());
  return await requireCoupling(id, caller, deps);
}

/** Takes an app out of its pipeline. */
export async function removeCoupling(
  id: string,
  call: { readonly caller: Principal; readonly deps: PipelineDependencies },
): Promise<PipelineCoupling> {
  const found = await requireCoupling(id, call.caller, call.deps);
  await deleteCoupling(call.deps.db, found.id);
  return found;
}
