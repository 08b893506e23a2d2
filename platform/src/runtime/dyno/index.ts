export { admittingHost } from "./admitting-host.ts";
export { ATTACH_IDLE_MS, type AttachSession, makeAttachSession } from "./attach-session.ts";
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
export { AWAIT_CLIENT_MS, shellArgv } from "./dyno-command.ts";
export type { DynoHost, InsideCommand, RunOptions } from "./dyno-ports.ts";
export { dynoTexts, wrongPlace } from "./dyno-texts.ts";
export { type DynoWatch, startDynoWatch } from "./dyno-watch.ts";
export { commandOf, type DynoIngredients, dynoKey, imageOf, makeDynoSpec } from "./make-dyno-spec.ts";
export { makeMarkerGuard } from "./marker-guard.ts";
export { linesAboveQuota } from "./memory-quota.ts";
export { notUp } from "./not-up.ts";
