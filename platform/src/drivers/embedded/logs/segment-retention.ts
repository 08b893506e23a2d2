/** A segment file as the retention rule sees it, oldest first in its list. */
export interface SegmentFacts {
  readonly bytes: number;
  readonly lines: number;
  /** When its last line was written. */
  readonly lastTime: number;
}

export interface RetentionLimits {
  readonly bytes: number;
  readonly ageMs: number;
  /** Newest lines that are kept whatever the other limits say. */
  readonly lines: number;
}

/**
 * How many of the oldest segments to remove: those too old, and those beyond the bytes, as long as the newest `lines`
 * lines stay. The last segment of the list, the one being written, is never removed.
 */
export function countExpired(
  segments: readonly SegmentFacts[],
  limits: RetentionLimits,
  nowMs: number,
): number {
  let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  let lines = segments.reduce((sum, segment) => sum + segment.lines, 0);
  let expired = 0;
  for (const segment of segments.slice(0, -1)) {
    const isOld = nowMs - segment.lastTime > limits.ageMs;
    if (!isOld && bytes <= limits.bytes) break;
    if (lines - segment.lines < limits.lines) break;
    bytes -= segment.bytes;
    lines -= segment.lines;
    expired++;
  }
  return expired;
}

/**
 * How many bytes each app may keep so that all fit into `total`: the largest share, at most `most`, at which the sum
 * over all apps of the smaller of share and use is within the total. Apps below it keep everything.
 */
export function fairShare(used: readonly number[], total: number, most: number): number {
  const rising = used.map((bytes) => Math.min(bytes, most)).sort((a, b) => a - b);
  let left = total;
  for (const [i, bytes] of rising.entries()) {
    const share = left / (rising.length - i);
    if (bytes > share) return Math.max(0, Math.floor(share));
    left -= bytes;
  }
  return most;
}

/** What to do about one app's segments. */
export interface TidyStep {
  readonly appId: string;
  /** Bytes it may keep; undefined when nothing is to be removed. */
  readonly expireTo?: number;
  /** Its last segment has not been written for a while and is worth sealing, or older ones were never sealed. */
  readonly seal: boolean;
}

export interface AppSegments {
  readonly appId: string;
  readonly segments: readonly (SegmentFacts & { readonly sealed: boolean })[];
}

export interface TidyLimits {
  readonly retention: RetentionLimits;
  readonly totalBytes: number;
  /** Plain segments of at least this size that were not written for so long are sealed. */
  readonly restingBytes: number;
  readonly restingMs: number;
}

/**
 * Decides what is to be done to keep all apps' logs within their limits; apps with nothing to do are left out. How many
 * lines a plain segment holds is not known here: enough, it is supposed, and the log itself looks again before it acts.
 */
export function planTidy(apps: readonly AppSegments[], limits: TidyLimits, nowMs: number): TidyStep[] {
  const used = apps.map(({ segments }) => segments.reduce((sum, { bytes }) => sum + bytes, 0));
  const bytes = fairShare(used, limits.totalBytes, limits.retention.bytes);
  return apps.flatMap(({ appId, segments }) => {
    const supposed = segments.map((segment) => (segment.sealed ? segment : { ...segment, lines: Infinity }));
    const expires = countExpired(supposed, { ...limits.retention, bytes }, nowMs) > 0;
    const seal = segments.some((segment, i) => {
      const isResting = segment.bytes >= limits.restingBytes && nowMs - segment.lastTime > limits.restingMs;
      return !segment.sealed && (i < segments.length - 1 || isResting);
    });
    return expires || seal ? [{ appId, seal, ...(expires ? { expireTo: bytes } : {}) }] : [];
  });
}
