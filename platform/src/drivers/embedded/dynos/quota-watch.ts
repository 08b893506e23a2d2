import { type Clock, pause } from "../../../kernel/index.ts";
import { linesAboveQuota } from "../../../runtime/dyno/index.ts";
import type { Sandbox } from "../sandbox/index.ts";

export interface QuotaWatchOptions {
  readonly quotaBytes: number;
  readonly now: Clock;
  /** Told what the dyno's log is to say. */
  readonly say: (message: string) => void;
  readonly signal: AbortSignal;
  /** Between two looks. Default 1 s. */
  readonly sampleMs?: number;
}

const SAMPLE_MS = 1_000;

/** Looks at a dyno's memory until the signal aborts, and tells when it is above its quota (R14). Never rejects. */
export async function watchQuota(
  sandbox: Pick<Sandbox, "memoryBytes">,
  { quotaBytes, now, say, signal, sampleMs = SAMPLE_MS }: QuotaWatchOptions,
): Promise<void> {
  let toldAtMs: number | undefined;
  for (await pause(sampleMs, signal); !signal.aborted; await pause(sampleMs, signal)) {
    // Its group may go at any moment.
    const usedBytes = await sandbox.memoryBytes(quotaBytes).catch(() => 0);
    const nowMs = now().getTime();
    const lines = linesAboveQuota({ usedBytes, quotaBytes, nowMs, toldAtMs });
    if (lines.length === 0 || signal.aborted) continue;
    toldAtMs = nowMs;
    for (const line of lines) say(line);
  }
}
