/** Bounds on what a source may unpack to. */
export interface TarLimits {
  readonly maxEntries: number;
  readonly maxTotalBytes: number;
  readonly maxFileBytes: number;
  /** Of one path, in bytes, and of all paths together. */
  readonly maxPathBytes: number;
  readonly maxAllPathsBytes: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_TAR_LIMITS: TarLimits = {
  maxEntries: 200_000,
  maxTotalBytes: 4096 * MIB,
  maxFileBytes: 1024 * MIB,
  maxPathBytes: 4096,
  maxAllPathsBytes: 32 * MIB,
};

/** `1.5 GiB`, `300 bytes`. */
export function sizeText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`;
}
