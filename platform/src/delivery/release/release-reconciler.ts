import { findAppForUpdate } from "../../apps/app/index.ts";
import { done, type HeldRecord, type Outcome, underClaim, waiting } from "../../kernel/index.ts";
import type { OutputStore } from "../output/index.ts";
import { announce, type ReleaseDependencies, requireRelease, succeed } from "./create-release.ts";
import { hasReleaseCommand, type Release } from "./release.ts";
import type { ReleaseCommand } from "./release-ports.ts";
import { findCurrentRelease, findNextPending, updateRelease } from "./release-store.ts";

export interface ReleaseReconcilerDependencies extends ReleaseDependencies, HeldRecord {
  readonly command: ReleaseCommand;
  readonly outputs: OutputStore;
}

/**
 * Goes on with an app's pending release that is next in line: settles its image, runs its release command, and makes
 * it current or failed. Safe to repeat at any point; throws `StaleClaim` once another process has taken the claim.
 */
export async function reconcileReleases(
  appId: string,
  deps: ReleaseReconcilerDependencies,
  signal: AbortSignal,
): Promise<Outcome> {
  for (;;) {
    const settled = await settleNext(appId, deps);
    if (!settled) return done;
    if (settled.status !== "pending") continue;
    const exitCode = await runCommand(settled, deps, signal);
    if (signal.aborted) return waiting("stopping", "Conifer is stopping", 1_000);
    await finish(settled, exitCode, deps);
  }
}

/** Decides what the next release in line runs with. One without a command is current when this returns. */
async function settleNext(appId: string, deps: ReleaseReconcilerDependencies): Promise<Release | undefined> {
  return await underClaim(deps, async (trx) => {
    if (!(await findAppForUpdate(trx, appId))) return undefined;
    const next = await findNextPending(trx, appId);
    if (!next) return undefined;
    if (next.inheritsImage) {
      const current = await findCurrentRelease(trx, appId);
      await updateRelease(trx, next.id, { imageId: current?.imageId ?? null }, deps.clock());
    }
    const settled = await requireRelease(trx, appId, next.id);
    const runsCommand = hasReleaseCommand(settled.imageInfo);
    if (!runsCommand) return await succeed(trx, settled, deps);
    await updateRelease(trx, next.id, { runsCommand }, deps.clock());
    return { ...settled, runsCommand };
  });
}

async function runCommand(
  release: Release,
  deps: ReleaseReconcilerDependencies,
  signal: AbortSignal,
): Promise<number> {
  const { outputs, claim } = deps;
  await outputs.begin(release.id, claim.number);
  const output = (text: string) => outputs.append(release.id, text, claim.number);
  const exitCode = await deps.command.run(release, { output, claim }, signal);
  if (!signal.aborted) await outputs.end(release.id, claim.number);
  return exitCode;
}

/** Settles the release unless another process has meanwhile: then what it did stands. */
async function finish(
  { id, appId }: Release,
  exitCode: number,
  deps: ReleaseReconcilerDependencies,
): Promise<void> {
  await underClaim(deps, async (trx) => {
    if (!(await findAppForUpdate(trx, appId))) return;
    const release = await findNextPending(trx, appId);
    if (release?.id !== id) return;
    if (exitCode === 0) return void (await succeed(trx, release, deps));
    await updateRelease(trx, id, { status: "failed" }, deps.clock());
    await announce(trx, "release.failed", release, deps);
  });
}
