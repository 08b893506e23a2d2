export { apiLogLines } from "./api-log-lines.ts";
export { makeDynoOutput } from "./dyno-output.ts";
export { formatLines, parseLine } from "./line-format.ts";
export {
  DEFAULT_INTAKE,
  type IntakeLimits,
  type LineCounts,
  type LineIntake,
  makeLineIntake,
} from "./line-intake.ts";
export { matchesFilter } from "./log-filter.ts";
export type {
  BudgetedLogSink,
  LogFilter,
  LogQuery,
  LogReader,
  LogStreams,
  ReadLine,
  StreamPiece,
  StreamPlace,
} from "./log-ports.ts";
export { logSessionHandlers, makeLogStreamHandler } from "./log-session-api.ts";
export { deliveryError, type LostLines, loseMore, tailOverflow } from "./lost-lines.ts";
export { DEFAULT_TAIL_LIMITS, makeTailBuffer, type TailBuffer, type TailLimits } from "./tail-buffer.ts";
