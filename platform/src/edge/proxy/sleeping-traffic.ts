import { errorText, type Logger, pause, type Running } from "../../kernel/index.ts";
import type { SleepingApps } from "../route/index.ts";

/** Which apps had requests since that was asked last. */
export interface UsedApps {
  takeUsed(): readonly string[];
  /** They could not be told, and are to be told the next time. */
  setUsed(appIds: readonly string[]): void;
}

export interface SleepingTrafficOptions {
  readonly apps: SleepingApps;
  readonly logger: Logger;
  /** How often the engine hears which apps have requests. */
  readonly reportMs: number;
  /** After so long an app that nothing is seen of is called again. */
  readonly againMs?: number;
}

const AGAIN_MS = 500;

/** Wakes apps that are visited, and tells the engine which stay awake. However many visitors wait, an app is called by one. */
export class SleepingTraffic implements Running {
  readonly #options: SleepingTrafficOptions;
  readonly #stopping = new AbortController();
  readonly #calls = new Map<string, Promise<void>>();
  #reports: Promise<void> = Promise.resolve();

  constructor(options: SleepingTrafficOptions) {
    this.#options = options;
  }

  /** Calls the app until nobody waits for it any more; what the engine then does is seen as any other change. */
  wake(appId: string, isNeeded: () => boolean): void {
    if (this.#calls.has(appId)) return;
    const call = this.#call(appId, isNeeded).finally(() => this.#calls.delete(appId));
    this.#calls.set(appId, call);
  }

  /** Begins to tell of the apps with requests. */
  report(traffic: UsedApps): void {
    this.#reports = this.#tell(traffic);
  }

  /** Nothing is told from then on; resolves when no call is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#reports, ...this.#calls.values()]);
  }

  async #call(appId: string, isNeeded: () => boolean): Promise<void> {
    const { apps, logger, againMs = AGAIN_MS } = this.#options;
    const { signal } = this.#stopping;
    while (isNeeded() && !signal.aborted) {
      await apps.wake(appId).catch((thrown: unknown) => {
        logger.warn("an app could not be woken, will try again", { app: appId, error: errorText(thrown) });
      });
      await pause(againMs, signal);
    }
  }

  async #tell(traffic: UsedApps): Promise<void> {
    const { apps, reportMs } = this.#options;
    const { signal } = this.#stopping;
    for (await pause(reportMs, signal); !signal.aborted; await pause(reportMs, signal)) {
      const used = traffic.takeUsed();
      // An engine that is away hears of them later.
      if (used.length > 0) await apps.used(used).catch(() => traffic.setUsed(used));
    }
  }
}
