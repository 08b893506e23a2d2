import type { RequestBodies } from "@conifer/contract";
import { findByIdentity, generations } from "../../apps/region/index.ts";
import { type ApiCall, type ApiHandlers, type ApiReply, listReply } from "../../http/index.ts";
import { apiTime, BusinessError } from "../../kernel/index.ts";
import {
  changeCoupling,
  changePipeline,
  coupleApp,
  createPipeline,
  destroyPipeline,
  type PipelineDependencies,
  removeCoupling,
  requireCoupling,
  requirePipeline,
} from "./change-pipeline.ts";
import { GENERATION, type Pipeline, type PipelineCoupling } from "./pipeline.ts";
import { findCouplingOfApp, listCouplings, listPipelines } from "./pipeline-store.ts";

const FIELDS = ["id", "name"];
const COUPLING_FIELDS = ["id"];

/** Pipelines and what stage of them an app is. (facts: flow §1, platform API §2) */
export function pipelineHandlers(deps: PipelineDependencies): ApiHandlers {
  const idOf = (call: ApiCall) => call.params.pipeline ?? "";
  return {
    "GET /pipelines": async (call) => {
      const [request, name] = [call.page(FIELDS), call.query.get("eq[name]") ?? undefined];
      const wanted = { accountId: call.principal.accountId, name, page: request };
      const { items, more } = await listPipelines(deps.db, wanted);
      return listReply({ request, page: { items: items.map(present), more }, fields: FIELDS });
    },
    "POST /pipelines": async (call) => {
      const wanted = call.body as RequestBodies["POST /pipelines"];
      return { body: present(await createPipeline(wanted, call.principal, deps)) };
    },
    "GET /pipelines/{pipeline}": async (call) => ({
      body: present(await requirePipeline(idOf(call), call.principal, deps)),
    }),
    "PATCH /pipelines/{pipeline}": async (call) => {
      const change = call.body as RequestBodies["PATCH /pipelines/{pipeline}"];
      return { body: present(await changePipeline(idOf(call), change, { caller: call.principal, deps })) };
    },
    "DELETE /pipelines/{pipeline}": async (call) => ({
      body: present(await destroyPipeline(idOf(call), { caller: call.principal, deps })),
    }),
    ...couplingHandlers(deps),
  };
}

function couplingHandlers(deps: PipelineDependencies): ApiHandlers {
  const idOf = (call: ApiCall) => call.params.pipeline_coupling ?? "";
  const list = async (call: ApiCall, pipelineId?: string): Promise<ApiReply> => {
    const request = call.page(COUPLING_FIELDS);
    const wanted = { accountId: call.principal.accountId, pipelineId, page: request };
    const { items, more } = await listCouplings(deps.db, wanted);
    return listReply({ request, page: { items: items.map(presentCoupling), more }, fields: COUPLING_FIELDS });
  };
  return {
    "GET /pipeline-couplings": (call) => list(call),
    "GET /users/~/pipeline-couplings": (call) => list(call),
    "GET /pipelines/{pipeline}/pipeline-couplings": async (call) =>
      await list(call, (await requirePipeline(call.params.pipeline ?? "", call.principal, deps)).id),
    "GET /apps/{app}/pipeline-couplings": async (call) => {
      const found = await findCouplingOfApp(deps.db, call.app.id);
      if (!found)
        throw new BusinessError("not_found", "This app is in no pipeline.", {
          resource: "pipeline_coupling",
        });
      return { body: presentCoupling(found) };
    },
    "POST /pipeline-couplings": async (call) => {
      const wanted = call.body as RequestBodies["POST /pipeline-couplings"];
      return { body: presentCoupling(await coupleApp(wanted, call.principal, deps)) };
    },
    "GET /pipeline-couplings/{pipeline_coupling}": async (call) => ({
      body: presentCoupling(await requireCoupling(idOf(call), call.principal, deps)),
    }),
    "PATCH /pipeline-couplings/{pipeline_coupling}": async (call) => {
      const change = call.body as RequestBodies["PATCH /pipeline-couplings/{pipeline_coupling}"];
      const changed = await changeCoupling(idOf(call), change, { caller: call.principal, deps });
      return { body: presentCoupling(changed) };
    },
    "DELETE /pipeline-couplings/{pipeline_coupling}": async (call) => ({
      body: presentCoupling(await removeCoupling(idOf(call), { caller: call.principal, deps })),
    }),
  };
}

function present({ id, name, ownerId, createdAt, updatedAt }: Pipeline) {
  const generation = findByIdentity(generations, GENERATION);
  return {
    id,
    name,
    generation: { id: generation?.id, name: generation?.name },
    owner: { id: ownerId, type: "user" },
    created_at: apiTime(createdAt),
    updated_at: apiTime(updatedAt),
  };
}

function presentCoupling(one: PipelineCoupling) {
  return {
    id: one.id,
    app: { id: one.appId },
    pipeline: { id: one.pipelineId, name: one.pipelineName },
    stage: one.stage,
    created_at: apiTime(one.createdAt),
    updated_at: apiTime(one.updatedAt),
  };
}
