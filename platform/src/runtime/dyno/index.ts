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
