import { dynoTexts } from "./dyno-texts.ts";

/** A dyno above its quota is told so at once and, while it stays there, again after so long (facts: routing §5). */
export const TELL_AGAIN_MS = 20_000;

export interface MemorySample {
  /** Bytes in use, without what the kernel can take back at once. */
  readonly usedBytes: number;
  readonly quotaBytes: number;
  readonly nowMs: number;
  /** When this process was told last; undefined: not yet. */
  readonly toldAtMs: number | undefined;
}

/** What its log says of a dyno that uses so much: no line below the quota, or too soon after the last time. */
export function linesAboveQuota({ usedBytes, quotaBytes, nowMs, toldAtMs }: MemorySample): readonly string[] {
  if (usedBytes <= quotaBytes) return [];
  const sinceMs = nowMs - (toldAtMs ?? Number.NEGATIVE_INFINITY);
  // A clock that was set back must not silence it.
  if (sinceMs >= 0 && sinceMs < TELL_AGAIN_MS) return [];
  return [dynoTexts.memoryInUse(usedBytes, quotaBytes), dynoTexts.quotaExceeded];
}
