import { type Actor, type Clock, conflict, type Db, invalidParams, type NewId } from "../../kernel/index.ts";
import { digestOf } from "../image/index.ts";
import { orderApps, planWaves, readLimit, readWaves, USUAL_LIMIT, USUAL_WAVES } from "./plan-waves.ts";
import type { RunImages } from "./rebase-ports.ts";
import { findOpenPass, insertPass, listStandingApps, type StandingApp } from "./rebase-store.ts";
import { isBehind, type RebasePass, type RunImageBuild } from "./rebasing.ts";

/** What an operator asks for; the rest is as usual. */
export interface WantedPass {
  /** Which build of a run image; without it, the newest that apps are behind. */
  readonly runImage?: string;
  /** The name of the run image, where the build that is named tells none. */
  readonly as?: string;
  /** `1,1%,10%,50%,100%` */
  readonly waves?: string;
  /** `3` or `1%` */
  readonly maxFailures?: string;
  readonly atOnce?: number;
  readonly settleSeconds?: number;
}

export interface StartDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly runImages: RunImages;
  /** Apps that are scaled to at least one dyno. */
  readonly listScaled: () => Promise<readonly string[]>;
  readonly violatedConstraint: (thrown: unknown) => string | undefined;
}

/** What a pass would do. */
export interface PlannedPass {
  readonly runImage: RunImageBuild;
  /** Ids of the apps in the order of their turns, and how many each wave has. */
  readonly apps: readonly string[];
  readonly waves: readonly number[];
  readonly settings: Pick<RebasePass, "limit" | "atOnce" | "settleSeconds">;
}

const USUAL = { atOnce: 20, settleSeconds: 60 };
const MOST = { atOnce: 1_000, settleSeconds: 3_600 };

/**
 * Looks what a pass would do, and changes nothing but that a run image that was named is at hand afterwards. Throws
 * invalid_params for what makes no sense.
 */
export async function planStart(
  id: string,
  wanted: WantedPass,
  deps: StartDependencies,
): Promise<PlannedPass> {
  const settings = {
    limit: readLimit(wanted.maxFailures ?? USUAL_LIMIT),
    atOnce: readNumber("--at-once", wanted.atOnce ?? USUAL.atOnce, 1, MOST.atOnce),
    settleSeconds: readNumber(
      "--watch-seconds",
      wanted.settleSeconds ?? USUAL.settleSeconds,
      0,
      MOST.settleSeconds,
    ),
  };
  const reaches = readWaves(wanted.waves ?? USUAL_WAVES);
  const standing = await listStandingApps(deps.db);
  const runImage =
    wanted.runImage === undefined
      ? chooseTarget(await deps.runImages.list(), standing)
      : await deps.runImages.bring(wanted.runImage, wanted.as);
  const behind = standing.filter((app) => isBehind(app, runImage)).map(({ appId }) => appId);
  const running = new Set(await deps.listScaled());
  const apps = orderApps(
    behind,
    (appId) => running.has(appId),
    (appId) => digestOf(`${id} ${appId}`),
  );
  return { runImage, apps, waves: planWaves(apps.length, reaches), settings };
}

/** Starts a pass; throws conflict while another has not ended, and when no app is behind. */
export async function startPass(
  wanted: WantedPass,
  actor: Actor,
  deps: StartDependencies,
): Promise<RebasePass> {
  const { db, clock, newId } = deps;
  await requireNone(db);
  const id = newId();
  const { runImage, apps, waves, settings } = await planStart(id, wanted, deps);
  if (apps.length === 0)
    throw conflict(`No app stands on another build of ${runImage.name}: there is nothing to rebase.`);
  const waveOf = waves.flatMap((size, wave) => new Array<number>(size).fill(wave));
  const now = clock();
  const pass = {
    ...{ id, status: "running" as const, runImage, wave: 0, waves: waves.length, ...settings },
    ...{ forgiven: 0, message: null, actor, createdAt: now },
  };
  try {
    await db.transaction().execute(async (trx) => {
      await requireNone(trx);
      const turns = apps.map((appId, at) => ({ appId, wave: waveOf[at] ?? 0 }));
      await insertPass(trx, pass, turns);
    });
  } catch (thrown) {
    if (deps.violatedConstraint(thrown) === "rebase_passes_open") throw underWay();
    throw thrown;
  }
  return { ...pass, updatedAt: now, finishedAt: null };
}

async function requireNone(db: Db): Promise<void> {
  if (await findOpenPass(db)) throw underWay();
}

function underWay() {
  return conflict("A pass is under way. Wait for its end, or end it: rebase stop.");
}

/** The run image that apps are behind, when it is one. Throws for none and for several. */
function chooseTarget(known: readonly RunImageBuild[], standing: readonly StandingApp[]): RunImageBuild {
  if (known.length === 0)
    throw invalidParams(
      "This installation has no run image that apps could be put on. Make one (npm run -s images), and name it with --run-image.",
    );
  const wanted = known.filter((build) => standing.some((app) => isBehind(app, build)));
  const [only = known[0], second] = wanted;
  if (!only) throw new Error("there is no run image");
  if (!second) return only;
  const names = wanted.map(({ name, digest }) => `  ${name} ${digest}`).join("\n");
  throw invalidParams(`Apps are behind several run images. Name one with --run-image:\n${names}`);
}

function readNumber(what: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalidParams(`${what} takes a whole number from ${least} to ${most}.`);
}
