import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Logger, Running } from "../../../kernel/index.ts";
import {
  type BudgetedLogSink,
  DEFAULT_INTAKE,
  DEFAULT_TAIL_LIMITS,
  type IntakeLimits,
  type LineCounts,
  type LogQuery,
  type LogReader,
  type LogStreams,
  type StreamPiece,
  type StreamPlace,
  type TailLimits,
} from "../../../observe/log/index.ts";
import { type AppLog, makeAppLog } from "./app-log.ts";
import { type LogFlusher, makeLogFlusher, makeTicker } from "./log-flusher.ts";
import type { LogBatch } from "./log-followers.ts";
import { type Housekeeping, makeHousekeeping } from "./log-housekeeping.ts";
import { ignoreMissing } from "./segment-files.ts";
import type { RetentionLimits } from "./segment-retention.ts";

export interface LogStoreLimits {
  readonly intake: IntakeLimits;
  readonly tail: TailLimits;
  /** What is kept of each app. */
  readonly retention: RetentionLimits;
  /** What is kept of all apps together, in bytes on disk. */
  readonly totalBytes: number;
  readonly segmentBytes: number;
  /** Lines wait at most this long before they are written, and before what is written is on disk for good. */
  readonly flushMs: number;
  readonly syncMs: number;
  /** Files that may be open at once. */
  readonly openFiles: number;
  readonly sweepMs: number;
  /** A segment of at least so many bytes that was not written for so long is sealed before it is full. */
  readonly restingBytes: number;
  readonly restingMs: number;
}

export const DEFAULT_LOG_LIMITS: LogStoreLimits = {
  intake: DEFAULT_INTAKE,
  tail: DEFAULT_TAIL_LIMITS,
  retention: { bytes: 64 * 1024 * 1024, ageMs: 7 * 86_400_000, lines: 1_500 },
  totalBytes: 8 * 1024 * 1024 * 1024,
  segmentBytes: 4 * 1024 * 1024,
  flushMs: 25,
  syncMs: 1_000,
  openFiles: 256,
  sweepMs: 60_000,
  restingBytes: 65_536,
  restingMs: 3_600_000,
};

export interface LogStoreOptions {
  /** Holds a folder for each app. Made when it is first needed. */
  readonly folder: string;
  readonly now: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<LogStoreLimits>;
  /** Told of lines that are taken and lost. */
  readonly counted?: LineCounts;
}

/** The apps' logs on this machine's disk. One process at a time may have a folder open. */
export interface LogStore extends BudgetedLogSink, LogReader, LogStreams, Running {
  /** As `read`, but the lines that are there together come together. */
  readBatches(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogBatch>;
  /** Every line written before the call is on disk for good when this resolves, and every loss is told. */
  synced(): Promise<void>;
}

const APP_ID = /^[\w-]{1,64}$/;
const SWEEPS_PER_TIDY = 60;

/** Opens the store. Nothing is read before an app's log is used, so that thousands of apps cost nothing at start. */
export function openLogStore(options: LogStoreOptions): LogStore {
  const given: LogStoreLimits = { ...DEFAULT_LOG_LIMITS, ...options.limits };
  const { counted } = options;
  const limits = { ...given, intake: { ...given.intake, ...(counted ? { counted } : {}) } };
  const { folder, logger } = options;
  const logs = new Map<string, AppLog>();
  const logOf = (appId: string): AppLog => {
    const known = logs.get(appId);
    if (known) return known;
    if (!APP_ID.test(appId)) throw new Error(`"${appId}" cannot be the id of an app`);
    const place = { appId, folder: join(folder, appId) };
    const made = makeAppLog({ ...options, ...limits, ...place, onWritten: (log) => flusher.written(log) });
    logs.set(appId, made);
    return made;
  };
  const housekeeping = makeHousekeeping({ ...options, limits, logOf, appIds: () => appIdsIn(folder) });
  const flusher = makeLogFlusher({ limits, logger, onSealable: housekeeping.seal });
  const sweeping = startSweeping({ limits, logs, housekeeping, flusher, logger });
  const withLog = (appId: string, work: (log: AppLog) => void) => {
    if (logs.has(appId) || APP_ID.test(appId)) work(logOf(appId));
    else logger.warn("dropped a log line of an impossible app", { appId });
  };
  async function* readBatches(query: LogQuery, signal: AbortSignal) {
    yield* logOf(query.appId).read(query, signal);
  }
  const takePiece = async (piece: StreamPiece): Promise<StreamPlace> => {
    const place = await logOf(piece.appId).takePiece(piece);
    flusher.touch(logOf(piece.appId));
    return place;
  };
  const takePieces = async (pieces: readonly StreamPiece[]) => {
    const taken = new Set<AppLog>();
    const places: StreamPlace[] = [];
    for (const piece of pieces) {
      places.push(await takePiece(piece));
      taken.add(logOf(piece.appId));
    }
    await flusher.flush(taken);
    return places;
  };
  return {
    write(line) {
      withLog(line.appId, (log) => {
        log.intake.take(line);
        flusher.touch(log);
      });
    },
    take: (pieces) => takePieces(pieces),
    hasRoom: (appId, process) => !APP_ID.test(appId) || logOf(appId).intake.hasRoom(process),
    countDropped(appId, process, lines) {
      withLog(appId, (log) => {
        log.intake.countDropped(process, lines);
        flusher.touch(log);
      });
    },
    readBatches,
    async *read(query, signal) {
      for await (const batch of readBatches(query, signal)) yield* batch.lines;
    },
    async forget(appId) {
      const log = logOf(appId);
      await housekeeping.alone(log.forget);
      flusher.drop(log);
    },
    synced: flusher.synced,
    async stop() {
      await sweeping.stop();
      await housekeeping.stop();
      await flusher.stop();
    },
  };
}

interface SweepingOptions {
  readonly limits: LogStoreLimits;
  readonly logs: Map<string, AppLog>;
  readonly housekeeping: Housekeeping;
  readonly flusher: LogFlusher;
  readonly logger: Logger;
}

/** Now and then lets go of logs that nobody uses, and more rarely looks after all that is on disk. */
function startSweeping({ limits, logs, housekeeping, flusher, logger }: SweepingOptions): Running {
  let sweeps = 0;
  const letGo = async () => {
    for (const [appId, log] of logs) {
      if (log.isInUse() || flusher.holds(log)) continue;
      await log.rest();
      flusher.drop(log);
      if (!log.isInUse()) logs.delete(appId);
    }
  };
  const sweep = async () => {
    if (sweeps++ % SWEEPS_PER_TIDY === 0) await housekeeping.tidy();
    await housekeeping.alone(letGo);
  };
  const ticker = makeTicker(limits.sweepMs, async () => {
    await sweep().catch((error: unknown) => logger.error("looking after the logs failed", { error }));
  });
  ticker.after(ticker.arm);
  ticker.arm();
  return ticker;
}

async function appIdsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(ignoreMissing([] as string[]));
  return names.filter((name) => APP_ID.test(name));
}
