import type { FailureLimit, RebasePass, RebaseState } from "./rebasing.ts";

/** How many apps of a wave are in each state. */
export type WaveCounts = Readonly<Record<RebaseState, number>>;

export type PassStep =
  /** The turn of so many more apps has come. */
  | { readonly kind: "begin"; readonly count: number }
  | { readonly kind: "next-wave" }
  | { readonly kind: "halt"; readonly failed: number; readonly allowed: number }
  | { readonly kind: "finish" }
  /** Until apps that are under way are settled. */
  | { readonly kind: "wait" };

export const NO_APPS: WaveCounts = { waiting: 0, due: 0, watching: 0, done: 0, failed: 0, skipped: 0 };

/** How many apps may fail among so many whose wave has come. */
export function allowedFailures(limit: FailureLimit, reached: number): number {
  return limit.kind === "count" ? limit.count : Math.floor((limit.percent * reached) / 100);
}

/**
 * What a running pass does next. `waves` are the counts by wave, from the first. Called again after every change; it may be
 * called at any time, since apps that are under way are counted.
 */
export function planPass(
  pass: Pick<RebasePass, "wave" | "limit" | "forgiven" | "atOnce">,
  waves: readonly WaveCounts[],
): PassStep {
  const begun = waves.slice(0, pass.wave + 1);
  const reached = begun.reduce((sum, counts) => sum + total(counts), 0);
  const failed = begun.reduce((sum, counts) => sum + counts.failed, 0) - pass.forgiven;
  const allowed = allowedFailures(pass.limit, reached);
  if (failed > allowed) return { kind: "halt", failed, allowed };
  const active = begun.reduce((sum, { due, watching }) => sum + due + watching, 0);
  const { waiting } = waves[pass.wave] ?? NO_APPS;
  const room = Math.min(waiting, pass.atOnce - active);
  if (room > 0) return { kind: "begin", count: room };
  if (waiting + active > 0) return { kind: "wait" };
  return pass.wave + 1 < waves.length ? { kind: "next-wave" } : { kind: "finish" };
}

function total(counts: WaveCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
