import type { Logger, Running } from "../../../kernel/index.ts";
import type { AppLog } from "./app-log.ts";

export interface LogFlusherOptions {
  readonly limits: { readonly flushMs: number; readonly syncMs: number; readonly openFiles: number };
  readonly logger: Logger;
  /** Called when a log has a segment that can be sealed. */
  readonly onSealable: (log: AppLog) => void;
}

/** Writes what waits in the apps' logs, for all of them on one timer, and syncs it to disk on another. */
export interface LogFlusher extends Running {
  /** Something waits in this log. */
  touch(log: AppLog): void;
  /** Writes what waits in these logs now. */
  flush(logs: ReadonlySet<AppLog>): Promise<void>;
  /** Lines of this log were written. */
  written(log: AppLog): void;
  /** True while something of this log is still to be written or synced. */
  holds(log: AppLog): boolean;
  /** Forgets a log that has nothing to write any more. */
  drop(log: AppLog): void;
  /** Writes, tells every loss, and syncs. */
  synced(): Promise<void>;
}

const FLUSH_AT_ONCE_CHARACTERS = 262_144;
const FLUSHES_AT_ONCE = 8;

export function makeLogFlusher({ limits, logger, onSealable }: LogFlusherOptions): LogFlusher {
  const dirty = new Set<AppLog>();
  const unsynced = new Set<AppLog>();
  /** Logs whose file is open, the one used longest ago first. */
  const open = new Set<AppLog>();

  const flushOne = async (log: AppLog, last: boolean) => {
    dirty.delete(log);
    // Before the write, so that whoever syncs meanwhile waits for it.
    unsynced.add(log);
    await log.flush(last);
    if (!log.isEmpty()) dirty.add(log);
    await closeSurplus();
  };
  const closeSurplus = async () => {
    for (const log of open) {
      if (open.size <= limits.openFiles) return;
      open.delete(log);
      await log.rest();
    }
  };
  const flushAll = (last: boolean) => eachOf(dirty, (log) => flushOne(log, last));
  let lastSync: Promise<void> = Promise.resolve();
  const syncAll = () => {
    const sync = () =>
      eachOf(unsynced, async (log) => {
        unsynced.delete(log);
        await log.sync();
      });
    const mine = lastSync.then(sync);
    lastSync = mine.catch(() => {});
    return mine;
  };
  const told = (message: string) => (error: unknown) => logger.error(message, { error });
  const flushing = makeTicker(limits.flushMs, () => flushAll(false).catch(told("flushing logs failed")));
  const syncing = makeTicker(limits.syncMs, () => syncAll().catch(told("syncing logs failed")));
  flushing.after(() => {
    if (dirty.size > 0) flushing.arm();
    if (unsynced.size > 0) syncing.arm();
  });
  syncing.after(() => {
    if (unsynced.size > 0) syncing.arm();
  });
  const synced = async () => {
    await flushAll(true);
    await syncAll();
  };
  return {
    touch(log) {
      dirty.add(log);
      if (log.intake.waiting() > FLUSH_AT_ONCE_CHARACTERS) flushing.now();
      else flushing.arm();
    },
    async flush(logs) {
      await eachOf(logs, (log) => flushOne(log, false));
      if (dirty.size > 0) flushing.arm();
    },
    written(log) {
      open.delete(log);
      open.add(log);
      unsynced.add(log);
      syncing.arm();
      if (log.isSealable()) onSealable(log);
    },
    holds: (log) => dirty.has(log) || unsynced.has(log),
    drop(log) {
      for (const set of [dirty, unsynced, open]) set.delete(log);
    },
    synced,
    async stop() {
      await flushing.stop();
      await syncing.stop();
      await synced();
      for (const log of open) await log.rest();
      open.clear();
    },
  };
}

/** Does the work for those that are in the set now, a few at a time. */
async function eachOf(logs: ReadonlySet<AppLog>, work: (log: AppLog) => Promise<void>): Promise<void> {
  const queue = [...logs].reverse();
  const worker = async () => {
    for (let log = queue.pop(); log; log = queue.pop()) await work(log);
  };
  await Promise.all(Array.from({ length: Math.min(FLUSHES_AT_ONCE, queue.length) }, worker));
}

export interface Ticker extends Running {
  /** Does the work `ms` from now, unless that is already so. */
  arm(): void;
  /** Does the work as soon as it does not run already. */
  now(): void;
  /** Called after each time the work was done. */
  after(then: () => void): void;
}

/** Work that is done a while after it was asked for, once for all who asked. Holds no timer while nobody asks. */
export function makeTicker(ms: number, work: () => Promise<void>): Ticker {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isStopped = false;
  let then = () => {};
  const run = () => {
    clearTimeout(timer);
    timer = undefined;
    running = work().finally(() => {
      running = undefined;
      then();
    });
  };
  return {
    arm() {
      if (!timer && !running && !isStopped) timer = setTimeout(run, ms);
    },
    now() {
      if (!running && !isStopped) run();
    },
    after(next) {
      then = next;
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
