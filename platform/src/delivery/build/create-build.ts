import { findAppForUpdate } from "../../apps/app/index.ts";
import {
  type Actor,
  type AppendEvent,
  type Clock,
  conflict,
  type Db,
  type NewId,
  notFound,
} from "../../kernel/index.ts";
import type { Build } from "./build.ts";
import type { Builder } from "./build-ports.ts";
import { findBuild, findBuildById, insertBuild, updatePendingBuild } from "./build-store.ts";

export interface BuildDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly appendEvent: AppendEvent;
}

export interface WantedBuild {
  readonly appId: string;
  readonly actor: Actor;
  /** Either the digest of a stored source, or an address to fetch it from when the build's turn comes. */
  readonly sourceDigest?: string;
  readonly sourceUrl?: string;
  readonly sourceChecksum?: string | null;
  readonly sourceVersion?: string | null;
  readonly sourceDescription?: string | null;
  readonly gitRef?: string;
}

/** Accepts a build: from here on it will be run, whatever happens to the caller. Builds run in the order accepted. */
export async function createBuild(wanted: WantedBuild, deps: BuildDependencies): Promise<Build> {
  const id = deps.newId();
  await deps.db.transaction().execute(async (trx) => {
    const app = await findAppForUpdate(trx, wanted.appId);
    if (!app) throw notFound("app");
    await insertBuild(trx, {
      id,
      appId: wanted.appId,
      actor: wanted.actor,
      sourceDigest: wanted.sourceDigest ?? null,
      sourceUrl: wanted.sourceUrl ?? null,
      sourceChecksum: wanted.sourceChecksum ?? null,
      sourceVersion: wanted.sourceVersion ?? null,
      sourceDescription: wanted.sourceDescription ?? null,
      gitRef: wanted.gitRef ?? null,
      stack: app.buildStack,
      now: deps.clock(),
    });
    const data = { build_id: id, version: wanted.sourceVersion ?? null };
    await deps.appendEvent(trx, { kind: "build.created", appId: wanted.appId, actor: wanted.actor, data });
  });
  return await requireBuild(deps.db, id);
}

/** Ends a build that has not finished: one in line never starts, a running one is killed. */
export async function cancelBuild(
  wanted: { readonly appId: string; readonly buildId: string; readonly actor: Actor },
  deps: BuildDependencies & { readonly builder: Builder },
): Promise<Build> {
  const { appId, buildId, actor } = wanted;
  const build = await findBuild(deps.db, appId, buildId);
  if (!build) throw notFound("build");
  const cancelled = await deps.db.transaction().execute(async (trx) => {
    const now = deps.clock();
    const change = { status: "cancelled", finishedAt: now, message: "The build was cancelled." } as const;
    if (!(await updatePendingBuild(trx, buildId, change, now))) return false;
    await deps.appendEvent(trx, { kind: "build.cancelled", appId, actor, data: { build_id: buildId } });
    return true;
  });
  if (!cancelled) throw conflict("The build has already finished and cannot be cancelled.");
  await deps.builder.cancel(buildId);
  return await requireBuild(deps.db, buildId);
}

export async function requireBuild(db: Db, id: string): Promise<Build> {
  const build = await findBuildById(db, id);
  if (!build) throw notFound("build");
  return build;
}
