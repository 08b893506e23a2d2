import { type App, findApp, findAppForUpdate } from "../../apps/app/index.ts";
import { BusinessError, type Db, done, errorText, type Outcome, waiting } from "../../kernel/index.ts";
import { findImage, type ImageInfo, insertImage } from "../image/index.ts";
import {
  createRelease,
  findCurrentRelease,
  findNextPending,
  findRelease,
  type Release,
  type ReleaseDependencies,
  releaseAgain,
} from "../release/index.ts";
import { type AppSight, judgeAfter, judgeBefore } from "./judge-health.ts";
import { type MakeRebasedDependencies, makeRebasedImage } from "./make-rebased-image.ts";
import type { AppHealth } from "./rebase-ports.ts";
import {
  findPass,
  findTurnForUpdate,
  findTurnUnderWay,
  type TurnChange,
  updateTurn,
} from "./rebase-store.ts";
import { describeRebase, type RebasePass, type RebaseTurn, whySkipped } from "./rebasing.ts";

export interface RebaseReconcilerDependencies extends ReleaseDependencies, MakeRebasedDependencies {
  readonly health: AppHealth;
  /** An app's turn is over: a hint, the record says the same. */
  readonly settled: (passId: string) => void;
}

/** How long an app whose dynos are just starting may take until it counts as unwell. */
const UNSURE_MS = 60_000;
const LOOK_MS = 1_000;
const AWAY_MS = 1_000;
const LONGEST_MESSAGE = 500;

/**
 * Goes on with an app's turn in a pass: makes its image anew and releases it, then watches the release's dynos and goes back
 * when they fail. Safe to repeat at any point: what is decided is one transaction that holds the app and its turn, so an app
 * gets one release, whoever else acts. The caller sees to it that one process does this for an app.
 */
export async function reconcileRebase(appId: string, deps: RebaseReconcilerDependencies): Promise<Outcome> {
  for (;;) {
    const turn = await findTurnUnderWay(deps.db, appId);
    const [app, pass] = await Promise.all([findApp(deps.db, appId), turn && findPass(deps.db, turn.passId)]);
    if (!turn || !app || !pass) return done;
    const outcome = await (turn.state === "due"
      ? begin(turn, { app, pass }, deps)
      : watch(turn, { app, pass }, deps));
    if (outcome) return outcome;
    deps.settled(pass.id);
  }
}

interface Subject {
  readonly app: App;
  readonly pass: RebasePass;
}

/** Undefined when the turn has gone on. */
async function begin(
  turn: RebaseTurn,
  { app, pass }: Subject,
  deps: RebaseReconcilerDependencies,
): Promise<Outcome | undefined> {
  const current = await findCurrentRelease(deps.db, app.id);
  const skipped = whySkipped(current?.imageInfo ?? null, pass.runImage) ?? whyUnusable(current);
  if (!current?.imageInfo || skipped !== undefined)
    return await settle(turn, { state: "skipped", message: skipped ?? "it has no code" }, deps);
  const sight = await deps.health.look(app.id);
  if (!sight) return waiting("engine-away", "The engine is not seen.", AWAY_MS);
  const before = isIdle(app, sight) ? "unwell" : judgeBefore(sight);
  const waited = deps.clock().getTime() - (turn.dueAt ?? turn.updatedAt).getTime();
  if (before === "unsure" && waited < UNSURE_MS)
    return waiting("starting", "The app's dynos are just starting.", LOOK_MS);
  try {
    const made = await makeRebasedImage(
      {
        ...{ appId: app.id, passId: pass.id, image: current.imageInfo, runImage: pass.runImage },
        startedAt: deps.clock(),
      },
      deps,
    );
    await release(turn, { pass, current, judged: before === "well", ...made }, deps);
    return undefined;
  } catch (thrown) {
    // What is wrong with the image stays so; anything else may pass, and is tried again.
    if (thrown instanceof BusinessError && REFUSALS.has(thrown.id))
      return await settle(turn, { state: "skipped", message: thrown.message }, deps);
    await updateTurn(
      deps.db,
      turn,
      { message: `${short(errorText(thrown))} It is tried again.` },
      deps.clock(),
    );
    throw thrown;
  }
}

const REFUSALS: ReadonlySet<string> = new Set(["invalid_params", "not_found"]);

function whyUnusable(release: Release | undefined): string | undefined {
  return release?.imageRemoved ? "its image has been removed" : undefined;
}

/** There is nothing to watch. */
function isIdle(app: App, sight: AppSight): boolean {
  return app.maintenance || sight.wanted === 0;
}

interface MadeRebase {
  readonly pass: RebasePass;
  /** The release whose image it was made of. */
  readonly current: Release;
  readonly judged: boolean;
  readonly info: ImageInfo;
  readonly record: (trx: Db) => Promise<void>;
}

/** Records image and release, unless the turn has gone on or the app has: a newer release of its owner wins. */
async function release(
  turn: RebaseTurn,
  made: MadeRebase,
  deps: RebaseReconcilerDependencies,
): Promise<void> {
  const { appId } = turn;
  const { current, info, pass } = made;
  await deps.db.transaction().execute(async (trx) => {
    if (!(await findAppForUpdate(trx, appId))) return;
    if ((await findTurnForUpdate(trx, turn))?.state !== "due") return;
    const now = deps.clock();
    const overtaken = await whatOvertook(trx, current);
    if (overtaken !== undefined)
      return await updateTurn(trx, turn, { state: "skipped", message: overtaken }, now);
    const from = await findImage(trx, appId, current.imageId ?? "");
    const image = { id: deps.newId(), appId, digest: info.digest, info, createdAt: now };
    const { commit = null, commitDescription = null, stack = "cnb" } = from ?? {};
    await insertImage(trx, { ...image, commit, commitDescription, stack });
    await made.record(trx);
    const wanted = { appId, actor: pass.actor, cause: "rebase", imageId: image.id } as const;
    const released = await createRelease(
      trx,
      { ...wanted, description: describeRebase(pass.runImage) },
      deps,
    );
    const releases = { fromReleaseId: current.id, releaseId: released.id };
    await updateTurn(trx, turn, { state: "watching", judged: made.judged, message: null, ...releases }, now);
  });
}

/** What stands in the way of a release that builds on this one; undefined when nothing does. */
async function whatOvertook(trx: Db, current: Release): Promise<string | undefined> {
  const now = await findCurrentRelease(trx, current.appId);
  if (now?.id !== current.id) return `v${now?.version ?? "?"} was released meanwhile`;
  const pending = await findNextPending(trx, current.appId);
  return pending && `v${pending.version} is being released`;
}

/** Undefined when the turn has ended. */
async function watch(
  turn: RebaseTurn,
  { app, pass }: Subject,
  deps: RebaseReconcilerDependencies,
): Promise<Outcome | undefined> {
  const made = await findRelease(deps.db, app.id, turn.releaseId ?? "");
  if (!made) return await settle(turn, { state: "skipped", message: "its release is gone" }, deps);
  if (made.status === "pending") return waiting("release", "Its release command runs.", LOOK_MS);
  if (made.status === "failed")
    return await settle(
      turn,
      { state: "failed", message: `the release command of v${made.version} failed` },
      deps,
    );
  if (!made.current) {
    const message = `v${made.version} was overtaken by a newer release`;
    return await settle(turn, { state: "skipped", message }, deps);
  }
  const said = `v${made.version}`;
  if (!turn.judged)
    return await settle(
      turn,
      { state: "done", message: `${said}, not watched: nothing ran, or not well` },
      deps,
    );
  const now = deps.clock();
  if (!turn.releasedAt) {
    await updateTurn(deps.db, turn, { releasedAt: now }, now);
    return undefined;
  }
  const sight = await deps.health.look(app.id);
  if (!sight) return waiting("engine-away", "The engine is not seen.", AWAY_MS);
  if (isIdle(app, sight)) return await settle(turn, { state: "done", message: said }, deps);
  const after = judgeAfter(sight, { now, releasedAt: turn.releasedAt, settleMs: pass.settleSeconds * 1_000 });
  if (after.kind === "unsure") return waiting("watching", "Its dynos are watched.", after.ms);
  if (after.kind === "well") return await settle(turn, { state: "done", message: said }, deps);
  return await goBack(turn, { made, why: after.why }, deps);
}

/** Makes the release before current again, with its config; nothing when a newer one is there or under way. */
async function goBack(
  turn: RebaseTurn,
  { made, why }: { readonly made: Release; readonly why: string },
  deps: RebaseReconcilerDependencies,
): Promise<undefined> {
  const { appId } = turn;
  await deps.db.transaction().execute(async (trx) => {
    if (!(await findAppForUpdate(trx, appId))) return;
    if ((await findTurnForUpdate(trx, turn))?.state !== "watching") return;
    const overtaken = await whatOvertook(trx, made);
    const before = await findRelease(trx, appId, turn.fromReleaseId ?? "");
    const failed = `${short(why)} (v${made.version})`;
    if (overtaken !== undefined || !before?.imageId)
      return await updateTurn(
        trx,
        turn,
        { state: "failed", message: `${failed}; ${overtaken ?? "it could not go back"}` },
        deps.clock(),
      );
    const back = await releaseAgain(trx, before, made.actor, deps);
    const change = { state: "failed", message: failed, backReleaseId: back.id } as const;
    await updateTurn(trx, turn, change, deps.clock());
  });
}

/** Ends a turn, unless somebody else has. */
async function settle(
  turn: RebaseTurn,
  change: TurnChange,
  deps: RebaseReconcilerDependencies,
): Promise<undefined> {
  await deps.db.transaction().execute(async (trx) => {
    const found = await findTurnForUpdate(trx, turn);
    if (found?.state !== turn.state) return;
    await updateTurn(trx, turn, { ...change, message: short(change.message ?? "") || null }, deps.clock());
  });
}

/** One line of what somebody else wrote. */
function short(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, LONGEST_MESSAGE);
}
