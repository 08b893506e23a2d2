export { buildRank } from "./pipeline.ts";
export { pipelineHandlers } from "./pipeline-api.ts";
export { findCouplingOfApp } from "./pipeline-store.ts";
