import { invalidParams } from "../../kernel/index.ts";
import type { FailureLimit } from "./rebasing.ts";

/** How far a wave goes: to so many apps, or to so many percent of all, those of the waves before included. */
export type WaveReach =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "share"; readonly percent: number };

export const USUAL_WAVES = "1,1%,10%,50%,100%";
export const USUAL_LIMIT = "1%";
const MOST_WAVES = 20;
const MOST_APPS = 1_000_000;

/** Reads `1,1%,10%,50%,100%`. Throws invalid_params. What the last one leaves is one more wave. */
export function readWaves(text: string): readonly WaveReach[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.length > MOST_WAVES) throw invalidParams(`A pass has at most ${MOST_WAVES} waves.`);
  return parts.map((part) => {
    const reach = readAmount(part);
    if (reach && amountOf(reach) > 0) return reach;
    throw invalidParams(
      `"${part.slice(0, 20)}" is no wave. Give numbers of apps and shares, such as ${USUAL_WAVES}.`,
    );
  });
}

/** Reads `3` or `1%`. Throws invalid_params. */
export function readLimit(text: string): FailureLimit {
  const limit = readAmount(text.trim());
  if (limit) return limit;
  throw invalidParams(
    `"${text.slice(0, 20)}" is no number of apps that may fail. Give a number or a share, such as 3 or 1%.`,
  );
}

export function showLimit(limit: FailureLimit): string {
  return limit.kind === "count" ? String(limit.count) : `${limit.percent}%`;
}

function readAmount(text: string): FailureLimit | undefined {
  const [, number = "", percent] = /^(\d{1,7}(?:\.\d{1,3})?)(%?)$/.exec(text) ?? [];
  const value = Number(number);
  if (number === "") return undefined;
  if (percent === "%") return value <= 100 ? { kind: "share", percent: value } : undefined;
  return Number.isInteger(value) && value <= MOST_APPS ? { kind: "count", count: value } : undefined;
}

function amountOf(reach: WaveReach): number {
  return reach.kind === "count" ? reach.count : reach.percent;
}

/**
 * How many apps each wave has. Shares are rounded up; a wave that would have none is left out, and what is left after the
 * last is a wave of its own. The sum is the number of apps.
 */
export function planWaves(apps: number, reaches: readonly WaveReach[]): readonly number[] {
  const sizes: number[] = [];
  let reached = 0;
  for (const reach of reaches) {
    const wanted = reach.kind === "count" ? reach.count : Math.ceil((apps * reach.percent) / 100);
    const to = Math.min(apps, Math.max(reached, wanted));
    if (to > reached) sizes.push(to - reached);
    reached = to;
  }
  if (reached < apps) sizes.push(apps - reached);
  return sizes;
}

/**
 * The order in which apps have their turn: those with dynos first, since a wave of others tells nothing; within each group by
 * a number that has nothing to do with who owns an app or when it was made.
 */
export function orderApps(
  apps: readonly string[],
  runs: (appId: string) => boolean,
  numberOf: (appId: string) => string,
): readonly string[] {
  const keyed = apps.map((id) => ({ id, key: `${runs(id) ? 0 : 1}${numberOf(id)}` }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ id }) => id);
}
