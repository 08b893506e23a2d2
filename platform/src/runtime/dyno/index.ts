export type {
  AppDynos,
  CrashReason,
  DynoCommand,
  DynoLimits,
  DynoNews,
  DynoObservation,
  DynoSpec,
  DynoState,
} from "./dyno.ts";
export type { DynoHost, RunOptions } from "./dyno-ports.ts";
export { type DynoWatch, startDynoWatch } from "./dyno-watch.ts";
export { type DynoIngredients, dynoKey, makeDynoSpec } from "./make-dyno-spec.ts";
