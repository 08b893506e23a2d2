import { findAppForUpdate, updateApp } from "../../apps/app/index.ts";
import { type Db, done, type Outcome, underClaim, waiting } from "../../kernel/index.ts";
import { insertImage } from "../image/index.ts";
import { createRelease, describeDeploy, findHead, type ReleaseDependencies } from "../release/index.ts";
import type { GitRepositories } from "../source/index.ts";
import { type AttemptDependencies, type AttemptResult, attemptBuild } from "./attempt-build.ts";
import { type Build, MOST_ATTEMPTS } from "./build.ts";
import { findNextBuild, listUntoldBuilds, updatePendingBuild } from "./build-store.ts";

export interface BuildReconcilerDependencies extends ReleaseDependencies, AttemptDependencies {
  /** The app's branches, of which one moves to the commit that was built. */
  readonly repositories: Pick<GitRepositories, "readRef" | "moveRef">;
  /**
   * Tells the rest of a build that has a result, and ends its output. Returns at once; a call for a build that is
   * being told already does nothing.
   */
  readonly followUp: (build: Build) => void;
}

/**
 * Runs an app's builds, one at a time, in the order they were accepted. Killed at any point, the next call goes on: it
 * joins the engine's build, or keeps the image it has, and makes one release of it. Throws `StaleClaim` once another process
 * has taken the claim: what this one still does then changes nothing.
 *
 *     pending ──▶ has its image, cannot be cancelled ──▶ branch moved ──▶ succeeded, with its release
 *        └─────▶ failed, cancelled, or succeeded with the release there is: nothing changed
 */
export async function reconcileBuilds(
  appId: string,
  deps: BuildReconcilerDependencies,
  signal: AbortSignal,
): Promise<Outcome> {
  for (;;) {
    for (const build of await listUntoldBuilds(deps.db, appId)) deps.followUp(build);
    const build = await findNextBuild(deps.db, appId);
    if (!build) return done;
    if (build.imageId === null) {
      const result = await attemptBuild(build, deps, signal);
      if (signal.aborted) return waiting("stopping", "Conifer is stopping", 1_000);
      await keepResult(build, result, deps);
    } else {
      await succeed(build, build.imageId, deps);
    }
  }
}

async function keepResult(
  build: Build,
  result: AttemptResult,
  deps: BuildReconcilerDependencies,
): Promise<void> {
  switch (result.kind) {
    case "succeeded":
      return await keepImage(build, result, deps);
    case "unchanged":
      return await leaveAsItIs(build, result.releaseId, deps);
    case "failed":
      return await fail(build, result.message, deps);
    case "lost":
      return await fail(build, `${result.message} It was tried ${MOST_ATTEMPTS} times.`, deps);
    case "cancelled":
      return await fail(build, "The build was cancelled.", deps);
  }
}

async function fail(build: Build, message: string, deps: BuildReconcilerDependencies): Promise<void> {
  await underClaim(deps, async (trx) => {
    if (!(await findAppForUpdate(trx, build.appId))) return;
    const failed = await updatePendingBuild(trx, build.id, { status: "failed", message }, deps.clock());
    if (failed) await announce(trx, build, "failed", deps);
  });
}

/** From where it was while this process certainly had the claim: whoever has it next may have moved the branch further. */
async function moveBranch(
  { appId, gitRef, sourceVersion }: Build,
  deps: BuildReconcilerDependencies,
): Promise<void> {
  if (!gitRef || !sourceVersion) return;
  const from = await deps.repositories.readRef(appId, gitRef);
  await underClaim(deps, async () => {});
  await deps.repositories.moveRef(appId, gitRef, { from, to: sourceVersion });
}

/** A success without an image of its own: the release that runs is what it would have made. */
async function leaveAsItIs(
  build: Build,
  releaseId: string,
  deps: BuildReconcilerDependencies,
): Promise<void> {
  await moveBranch(build, deps);
  await underClaim(deps, async (trx) => {
    if (!(await findAppForUpdate(trx, build.appId))) return;
    const change = { status: "succeeded", releaseId } as const;
    if (await updatePendingBuild(trx, build.id, change, deps.clock()))
      await announce(trx, build, "succeeded", deps);
  });
}

/**
 * From here on the build cannot be cancelled: the branch may move. The image and what is said of it come on record together, so
 * that no release has an image with half of it.
 */
async function keepImage(
  build: Build,
  { image: info, record }: Extract<AttemptResult, { readonly kind: "succeeded" }>,
  deps: BuildReconcilerDependencies,
): Promise<void> {
  await underClaim(deps, async (trx) => {
    const now = deps.clock();
    if (!(await findAppForUpdate(trx, build.appId))) return;
    if (!(await updatePendingBuild(trx, build.id, {}, now))) return;
    const imageId = deps.newId();
    await insertImage(trx, {
      id: imageId,
      appId: build.appId,
      digest: info.digest,
      info,
      commit: build.sourceVersion,
      commitDescription: build.sourceDescription,
      stack: build.stack,
      createdAt: now,
    });
    await record(trx);
    await updatePendingBuild(trx, build.id, { imageId }, now);
  });
}

/** The branch moves before the build is marked, so that whoever sees a success sees the branch there. */
async function succeed(build: Build, imageId: string, deps: BuildReconcilerDependencies): Promise<void> {
  await moveBranch(build, deps);
  await underClaim(deps, async (trx) => {
    if (!(await findAppForUpdate(trx, build.appId))) return;
    if (!(await updatePendingBuild(trx, build.id, {}, deps.clock()))) return;
    const newest = (await findHead(trx, build.appId))?.newestBuild ?? null;
    const overtaken = newest !== null && newest > build.sequence;
    const releaseId = overtaken ? undefined : await releaseOf(trx, build, imageId, deps);
    await updatePendingBuild(trx, build.id, { status: "succeeded", releaseId }, deps.clock());
    await announce(trx, build, "succeeded", deps);
  });
}

async function releaseOf(
  trx: Db,
  build: Build,
  imageId: string,
  deps: BuildReconcilerDependencies,
): Promise<string> {
  const { id, appId, actor, sequence, sourceVersion } = build;
  const description = describeDeploy(sourceVersion);
  const wanted = { appId, actor, cause: "code", description, imageId, build: { id, sequence } } as const;
  await updateApp(trx, appId, { stack: build.stack }, deps.clock());
  return (await createRelease(trx, wanted, deps)).id;
}

async function announce(
  trx: Db,
  { id, appId, actor }: Build,
  status: "succeeded" | "failed",
  deps: BuildReconcilerDependencies,
): Promise<void> {
  await deps.appendEvent(trx, {
    kind: "build.finished",
    appId,
    actor,
    data: { build_id: id, status },
  });
}
