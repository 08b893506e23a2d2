import type { DynoLimits } from "../dyno/index.ts";
import catalogue from "./dyno-sizes.json" with { type: "json" };

/** A size a dyno can have. The catalogue file holds Heroku's names of both generations (facts: runtime §3). */
export interface DynoSize {
  readonly id: string;
  /** As its generation writes it: `Standard-1X`, `dyno-1c-0.5gb`. */
  readonly name: string;
  readonly generation: "cedar" | "fir";
  /** Gigabytes of 2^30 bytes. */
  readonly memory: number;
  /** Least virtual processors; 0 is a share only. */
  readonly compute: number;
  /** Relative share of the processor; 1 = one Standard-1X. */
  readonly share: number;
  readonly dedicated: boolean;
  readonly privateSpaceOnly: boolean;
  readonly tier: string;
  /** Dyno units, Heroku's enterprise currency. */
  readonly units: number;
}

export const dynoSizes = catalogue as readonly DynoSize[];

export const defaultSize = { cedar: "Standard-1X", fir: "dyno-1c-0.5gb" } as const;

/** By id, or by name whatever its case: clients send both `standard-1x` and `Standard-1X`. */
export function findDynoSize(identity: string): DynoSize | undefined {
  const wanted = identity.toLowerCase();
  return dynoSizes.find((size) => size.id === wanted || size.name.toLowerCase() === wanted);
}

/** What a dyno of the size may use. */
export function limitsOf(size: DynoSize): DynoLimits {
  return { memoryBytes: size.memory * 2 ** 30, cpuShare: size.share, pids: pidsOf(size) };
}

/** Whether dynos of the size sleep while nobody visits their app (facts: scaling §7). */
export function sleepsWhenIdle({ tier }: DynoSize): boolean {
  return tier === "eco";
}

/** Threads and processes a dyno may have (facts: runtime §7). */
export function pidsOf(size: DynoSize): number {
  if (!size.dedicated) return 256;
  return size.memory <= 2.5 ? 16_384 : 32_768;
}
