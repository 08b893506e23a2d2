/** A builder that is unpacked, as the shelf keeps it. */
export interface ShelvedSize {
  readonly digest: string;
  /** Of its unpacked files. */
  readonly bytes: number;
  /** When a build used it last, in ms. */
  readonly usedAt: number;
  readonly inUse: boolean;
}

export interface ShelfBounds {
  readonly bytes: number;
  readonly unusedMs: number;
}

/** The builders to remove: those not used for so long, then those used longest ago until the rest fits. None in use. */
export function planShelf(
  all: readonly ShelvedSize[],
  now: number,
  { bytes, unusedMs }: ShelfBounds,
): readonly string[] {
  const newest = [...all].sort((a, b) => Number(b.inUse) - Number(a.inUse) || b.usedAt - a.usedAt);
  let left = bytes;
  const removed: string[] = [];
  for (const one of newest) {
    left -= one.bytes;
    if (!one.inUse && (left < 0 || now - one.usedAt > unusedMs)) {
      removed.push(one.digest);
      left += one.bytes;
    }
  }
  return removed;
}
