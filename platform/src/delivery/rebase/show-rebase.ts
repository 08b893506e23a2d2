import { apiTime, type Db } from "../../kernel/index.ts";
import { NO_APPS, type WaveCounts } from "./plan-pass.ts";
import { showLimit } from "./plan-waves.ts";
import type { RunImages } from "./rebase-ports.ts";
import {
  countWaves,
  findNewestPass,
  findOpenPass,
  listStandingApps,
  listTurns,
  type StandingApp,
} from "./rebase-store.ts";
import { isBehind, type RebasePass, type RebaseState, type RunImageBuild } from "./rebasing.ts";

/** A build of a run image, and how many apps stand on it. */
export interface ShownBase {
  /** Empty for container images, which stand on nothing of ours. */
  readonly name: string;
  readonly digest: string | null;
  readonly top_layer: string;
  readonly apps: number;
  /** `other`: this installation has no build of it, or it is no image with layers. */
  readonly state: "newest" | "behind" | "other";
}

export interface ShownPass {
  readonly id: string;
  readonly status: RebasePass["status"];
  readonly run_image: RunImageBuild;
  /** From 1. */
  readonly wave: number;
  readonly waves: readonly WaveCounts[];
  readonly apps: WaveCounts;
  readonly max_failures: string;
  readonly at_once: number;
  readonly watch_seconds: number;
  readonly message: string | null;
  readonly started_at: string;
  readonly finished_at: string | null;
}

export interface ShownStanding {
  readonly run_images: readonly RunImageBuild[];
  readonly bases: readonly ShownBase[];
}

/** Which apps stand on what, and what is newer. */
export async function showStanding({
  db,
  runImages,
}: {
  readonly db: Db;
  readonly runImages: Pick<RunImages, "list">;
}): Promise<ShownStanding> {
  const [known, standing] = [await runImages.list(), await listStandingApps(db)];
  const bases = groupBases(standing, known);
  const used = new Set(bases.map(({ name }) => name));
  return { run_images: known.filter(({ name }, at) => at === 0 || used.has(name)), bases };
}

/** The pure part of `showStanding`. */
export function groupBases(
  standing: readonly StandingApp[],
  known: readonly RunImageBuild[],
): readonly ShownBase[] {
  const groups = Map.groupBy(
    standing,
    ({ base, architecture }) => `${base.name} ${base.topLayer} ${base.digest ?? ""} ${architecture}`,
  );
  const shown = [...groups.values()].flatMap((apps): ShownBase[] => {
    const [first] = apps;
    if (!first) return [];
    const { base } = first;
    const newest = known.find(({ name }) => name === base.name);
    const isOther = newest === undefined || base.topLayer === "";
    const state = isOther ? "other" : isBehind(first, newest) ? "behind" : "newest";
    return [
      {
        ...{ name: base.name, digest: base.digest ?? null, top_layer: base.topLayer },
        ...{ apps: apps.length, state },
      },
    ];
  });
  return shown.sort((a, b) => a.name.localeCompare(b.name) || b.apps - a.apps);
}

/** The pass that has not ended, else the newest. */
async function findShownPass(db: Db): Promise<RebasePass | undefined> {
  return (await findOpenPass(db)) ?? (await findNewestPass(db));
}

/** That pass; null when there was none. */
export async function showPass(db: Db): Promise<ShownPass | null> {
  const pass = await findShownPass(db);
  if (!pass) return null;
  const waves = await countWaves(db, pass);
  return {
    ...{ id: pass.id, status: pass.status, run_image: pass.runImage, wave: pass.wave + 1, waves },
    apps: sumOf(waves),
    ...{ max_failures: showLimit(pass.limit), at_once: pass.atOnce, watch_seconds: pass.settleSeconds },
    message: pass.message,
    started_at: apiTime(pass.createdAt),
    finished_at: pass.finishedAt && apiTime(pass.finishedAt),
  };
}

/** The apps of that pass. */
export async function showTurns(
  db: Db,
  wanted: { readonly state: RebaseState | undefined; readonly most: number },
): Promise<readonly object[]> {
  const pass = await findShownPass(db);
  if (!pass) return [];
  return (await listTurns(db, pass.id, wanted)).map(({ app, wave, state, message, updatedAt }) => ({
    ...{ app, wave: wave + 1, state, message, updated_at: apiTime(updatedAt) },
  }));
}

function sumOf(waves: readonly WaveCounts[]): WaveCounts {
  const sum: Record<RebaseState, number> = { ...NO_APPS };
  for (const counts of waves)
    for (const [state, count] of Object.entries(counts)) sum[state as RebaseState] += count;
  return sum;
}
