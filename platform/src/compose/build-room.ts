import type { SandboxLimits } from "../drivers/embedded/sandbox/index.ts";

/** What the builds of one machine may use. */
export interface BuildRoom {
  /** Builds that run at the same time. */
  readonly atOnce: number;
  /** Of each build. */
  readonly limits: SandboxLimits;
}

const GIB = 1024 ** 3;
const MOST_MEMORY = 4 * GIB;

/**
 * The room for builds on a machine with so many cores and bytes of memory: together they never have more than half of the
 * memory, and a core each. Where cores are short they are in the background, and share alike there. Pids are enough for
 * what package managers start.
 */
export function roomForBuilds(machine: { readonly cores: number; readonly memoryBytes: number }): BuildRoom {
  const half = Math.floor(machine.memoryBytes / 2);
  const memoryBytes = Math.min(MOST_MEMORY, half);
  const atOnce = Math.max(1, Math.min(machine.cores, Math.floor(half / memoryBytes)));
  return { atOnce, limits: { memoryBytes, cpuShare: 1, pids: 4_096 } };
}
