export { type Claim, type HeldRecord, StaleClaim, underClaim } from "./claims.ts";
export { apiTime, type Clock, systemClock } from "./clock.ts";
export type { Db } from "./db.ts";
export {
  assertNever,
  BusinessError,
  conflict,
  errorText,
  forbidden,
  invalidParams,
  notFound,
  StoreAway,
} from "./errors.ts";
export type { Actor, AppendEvent, DomainEvent, EventKind, NewEvent } from "./events.ts";
export { isId, type NewId, newId } from "./ids.ts";
export { type Part, type Running, startParts, within } from "./lifecycle.ts";
export type { LogLine, LogSink } from "./log-lines.ts";
export {
  type LogFields,
  type Logger,
  type LogLevel,
  logFailure,
  makeLogger,
  silentLogger,
} from "./logger.ts";
export { causeText, networkTrouble, systemCode } from "./network-errors.ts";
export { makeNewsHub } from "./news-hub.ts";
export { type PagedColumn, pageOfRows } from "./paged-rows.ts";
export { type Page, type PageRequest, pageHeaders, pageOf, parseRange } from "./pages.ts";
export type { AppRole, Principal, Scope } from "./principal.ts";
export { type Reconciler, type ReconcilerOptions, startReconciler } from "./reconciler-loop.ts";
export { type MasterKey, rewrap, type SealedColumn, seal, sealedVersion, unseal } from "./sealing.ts";
export { sumOfTimes } from "./sum-of-times.ts";
export { aborted, done, type Outcome, pause, waiting } from "./waiting.ts";
