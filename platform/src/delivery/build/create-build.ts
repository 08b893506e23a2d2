import { findAppForUpdate } from "../../apps/app/index.ts";
import {
  type Actor,
  type AppendEvent,
  type Clock,
  conflict,
  type Db,
  errorText,
  type Logger,
  type NewId,
  notFound,
} from "../../kernel/index.ts";
import type { Build } from "./build.ts";
import type { Builder } from "./build-ports.ts";
import { cancelPendingBuild, findBuild, findBuildById, insertBuild } from "./build-store.ts";

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

/**
 * Ends a build that has no result yet: one in line never starts, a running one is killed. Throws conflict when the
 * build has its image already, or has ended. An engine that is away just now is told by the build's reconciler.
 */
export async function cancelBuild(
  wanted: { readonly appId: string; readonly buildId: string; readonly actor: Actor },
  deps: BuildDependencies & { readonly builder: Pick<Builder, "cancel">; readonly logger: Logger },
): Promise<Build> {
  const { appId, buildId, actor } = wanted;
  if (!(await findBuild(deps.db, appId, buildId))) throw notFound("build");
  await deps.db.transaction().execute(async (trx) => {
    if (!(await findAppForUpdate(trx, appId))) throw notFound("app");
    const change = { message: "The build was cancelled." };
    if (!(await cancelPendingBuild(trx, buildId, change, deps.clock())))
      throw conflict("The build has already finished and cannot be cancelled.");
    await deps.appendEvent(trx, { kind: "build.cancelled", appId, actor, data: { build_id: buildId } });
  });
  await deps.builder.cancel(buildId).catch((thrown) => {
    deps.logger.info("a cancelled build could not be stopped yet", {
      build_id: buildId,
      error: errorText(thrown),
    });
  });
  return await requireBuild(deps.db, buildId);
}

export async function requireBuild(db: Db, id: string): Promise<Build> {
  const build = await findBuildById(db, id);
  if (!build) throw notFound("build");
  return build;
}
