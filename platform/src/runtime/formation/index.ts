export { changeFormation, type FormationDependencies, restartDynos, stopDynos } from "./change-formation.ts";
export { type DynoApiDependencies, dynoHandlers } from "./dyno-api.ts";
export { listAppsWithDynos } from "./dyno-record-store.ts";
export { defaultSize, limitsOf } from "./dyno-size.ts";
export { requireDynoSize } from "./formation.ts";
export { formationHandlers } from "./formation-api.ts";
export { type FormationReconcilerDependencies, reconcileFormation } from "./formation-reconciler.ts";
export { listFormation, listWebQuantities } from "./formation-store.ts";
export { makeDeployVerifier } from "./verify-deploy.ts";
