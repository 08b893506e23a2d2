/** Looks at the memory of a sandbox that no cgroup bounds, and ends it above its limit. */
export interface MemoryGuard {
  /** True once the sandbox was ended for it. */
  exceeded(): boolean;
  stop(): void;
}

export interface MemoryGuardOptions {
  readonly limitBytes: number;
  /** The sum of its processes' resident sets, which counts what they share several times. */
  readonly residentBytes: () => number;
  /** What they have together, which takes longer to find out; asked only when the sum is above the limit. */
  readonly ownBytes: () => number;
  readonly kill: () => void;
  /** Between two looks. Default 1 s. */
  readonly sampleMs?: number;
}

const SAMPLE_MS = 1_000;

/** Begins to look. What grows within a second may be above its limit for as long. */
export function guardMemory({
  limitBytes,
  residentBytes,
  ownBytes,
  kill,
  sampleMs = SAMPLE_MS,
}: MemoryGuardOptions): MemoryGuard {
  let exceeded = false;
  const timer = setInterval(() => {
    if (exceeded || residentBytes() <= limitBytes || ownBytes() <= limitBytes) return;
    exceeded = true;
    kill();
  }, sampleMs);
  return { exceeded: () => exceeded, stop: () => clearInterval(timer) };
}
