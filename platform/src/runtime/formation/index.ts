export { changeFormation } from "./change-formation.ts";
export { dynoHandlers } from "./dyno-api.ts";
export { listAppsWithDynos } from "./dyno-record-store.ts";
export { defaultSize, findDynoSize, limitsOf } from "./dyno-size.ts";
export { requireDynoSize } from "./formation.ts";
export { formationHandlers } from "./formation-api.ts";
export { reconcileFormation } from "./formation-reconciler.ts";
export { listFormation, listWebQuantities } from "./formation-store.ts";
export { makeDeployVerifier } from "./verify-deploy.ts";
