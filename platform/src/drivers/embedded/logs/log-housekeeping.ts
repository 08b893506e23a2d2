import { join } from "node:path";
import type { Clock, Logger, Running } from "../../../kernel/index.ts";
import type { AppLog } from "./app-log.ts";
import { listSegments } from "./segment-files.ts";
import { planTidy, type TidyLimits } from "./segment-retention.ts";

export interface HousekeepingOptions {
  readonly folder: string;
  readonly limits: TidyLimits;
  readonly now: Clock;
  readonly logger: Logger;
  readonly logOf: (appId: string) => AppLog;
  /** Ids of all apps that have a folder. */
  readonly appIds: () => Promise<readonly string[]>;
}

/** Work on segments that are no longer written, one piece at a time, beside the writing. */
export interface Housekeeping extends Running {
  /** Seals what can be sealed of a log, then removes what its limits do not allow. */
  seal(log: AppLog): void;
  /** Brings all apps within the limits, those not in memory included. */
  tidy(): Promise<void>;
  /** Runs work while nothing is sealed or removed. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

export function makeHousekeeping(options: HousekeepingOptions): Housekeeping {
  const { folder, limits, now, logger, logOf, appIds } = options;
  const waiting = new Set<AppLog>();
  let isStopped = false;
  let last: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
  const sealOne = async (log: AppLog) => {
    waiting.delete(log);
    if (isStopped) return;
    await log.seal();
    await log.expire(limits.retention);
  };
  const tidyAll = async () => {
    const apps = [];
    for (const appId of await appIds())
      apps.push({ appId, segments: await listSegments(join(folder, appId)) });
    for (const { appId, expireTo, seal } of planTidy(apps, limits, now().getTime())) {
      if (isStopped) return;
      const log = logOf(appId);
      if (seal) {
        await log.retire(limits.restingBytes);
        await log.seal();
      }
      if (expireTo !== undefined) await log.expire({ ...limits.retention, bytes: expireTo });
    }
  };
  return {
    seal(log) {
      if (waiting.has(log)) return;
      waiting.add(log);
      void alone(() => sealOne(log)).catch((error: unknown) =>
        logger.error("sealing a log failed", { error }),
      );
    },
    tidy: () => alone(tidyAll),
    alone,
    async stop() {
      isStopped = true;
      await last;
    },
  };
}
