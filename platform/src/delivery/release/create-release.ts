import { randomBytes } from "node:crypto";
import { findAppForUpdate, updateApp } from "../../apps/app/index.ts";
import {
  type Actor,
  type AppendEvent,
  type Clock,
  type Db,
  type MasterKey,
  type NewId,
  notFound,
} from "../../kernel/index.ts";
import {
  type ConfigChange,
  changeConfig,
  describeChange,
  findConfig,
  insertConfig,
  withSecrets,
} from "../config/index.ts";
import {
  checkRollbackTarget,
  hasReleaseCommand,
  imageRemoved,
  noSuchRelease,
  type Release,
  type ReleaseCause,
} from "./release.ts";
import {
  findCurrentRelease,
  findHeadForUpdate,
  findNewestRelease,
  findNextPending,
  findRelease,
  insertHead,
  insertRelease,
  updateHead,
  updateRelease,
} from "./release-store.ts";

/** As long as secrets that `app.json` asks for (facts: build §8 "generator"). */
const SECRET_BYTES = 32;

export interface ReleaseDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly masterKey: MasterKey;
  readonly appendEvent: AppendEvent;
}

/** The release every app has from its creation: no code, no config. Runs in the transaction that makes the app. */
export async function createInitialRelease(
  trx: Db,
  appId: string,
  actor: Actor,
  deps: ReleaseDependencies,
): Promise<void> {
  const configId = deps.newId();
  await insertConfig(trx, { id: configId, appId, config: {}, now: deps.clock() }, deps.masterKey);
  await insertHead(trx, appId, configId);
  await createRelease(trx, { appId, actor, cause: "initial", description: "Initial release" }, deps);
}

export interface WantedRelease {
  readonly appId: string;
  readonly actor: Actor;
  readonly cause: ReleaseCause;
  readonly description: string;
  /** Without one, the image of the last release that succeeded. */
  readonly imageId?: string;
  /** Without one, the app's present config. */
  readonly configId?: string;
  readonly build?: { readonly id: string; readonly sequence: bigint };
}

/**
 * Records a release, numbered without gaps under the app's lock. It is current at once unless it has a release
 * command to run or an earlier release is still pending; then the reconciler goes on with it. (design §3 "Order")
 * A config is the app's from now on, whatever becomes of the release. Throws invalid_params when the image has been removed.
 */
export async function createRelease(
  trx: Db,
  wanted: WantedRelease,
  deps: ReleaseDependencies,
): Promise<Release> {
  const { appId } = wanted;
  if (!(await findAppForUpdate(trx, appId))) throw notFound("app");
  const head = await findHeadForUpdate(trx, appId);
  if (!head) throw notFound("app");
  const pending = await findNextPending(trx, appId);
  const current = await findCurrentRelease(trx, appId);
  const inherits = wanted.imageId === undefined && pending !== undefined;
  const id = deps.newId();
  await insertRelease(trx, {
    id,
    appId,
    version: head.nextVersion,
    status: "pending",
    description: wanted.description,
    actor: wanted.actor,
    cause: wanted.cause,
    imageId: wanted.imageId ?? (inherits ? null : (current?.imageId ?? null)),
    inheritsImage: inherits,
    configId: wanted.configId ?? head.configId,
    buildId: wanted.build?.id ?? null,
    runsCommand: false,
    createdAt: deps.clock(),
  });
  await updateHead(trx, appId, {
    nextVersion: head.nextVersion + 1,
    configId: wanted.configId,
    newestBuild: wanted.build?.sequence,
  });
  const made = await requireRelease(trx, appId, id);
  // It was there when the caller looked, who had no lock yet.
  if (made.imageRemoved) throw imageRemoved();
  const release = wanted.cause === "code" ? await giveSecrets(trx, made, deps) : made;
  const runsCommand = hasReleaseCommand(release.imageInfo);
  if (runsCommand) await updateRelease(trx, id, { runsCommand }, deps.clock());
  await announce(trx, "release.created", release, deps);
  if (!pending && !runsCommand) return await succeed(trx, release, deps);
  return { ...release, runsCommand };
}

/** Config vars in which the buildpacks of new code ask for a secret get one, in the same release, unless the app has them. */
async function giveSecrets(trx: Db, release: Release, deps: ReleaseDependencies): Promise<Release> {
  const { id, appId, configId } = release;
  const names = release.imageInfo?.secrets ?? [];
  if (names.length === 0) return release;
  const makeSecret = () => randomBytes(SECRET_BYTES).toString("hex");
  const given = withSecrets(await findConfig(trx, configId, deps.masterKey), names, makeSecret);
  if (!given) return release;
  const newConfigId = deps.newId();
  const now = deps.clock();
  await insertConfig(trx, { id: newConfigId, appId, config: given.config, now }, deps.masterKey);
  await updateHead(trx, appId, { configId: newConfigId });
  await updateRelease(trx, id, { configId: newConfigId }, now);
  return { ...release, configId: newConfigId };
}

/** Makes a release the current one. The caller holds the app's lock. */
export async function succeed(trx: Db, release: Release, deps: ReleaseDependencies): Promise<Release> {
  const now = deps.clock();
  await updateRelease(trx, release.id, { status: "succeeded" }, now);
  await updateHead(trx, release.appId, { currentReleaseId: release.id });
  await updateApp(trx, release.appId, { releasedAt: now }, now);
  await announce(trx, "release.succeeded", release, deps);
  return await requireRelease(trx, release.appId, release.id);
}

export async function announce(
  trx: Db,
  kind: "release.created" | "release.succeeded" | "release.failed",
  release: Release,
  deps: ReleaseDependencies,
): Promise<void> {
  const { id, version, description, cause } = release;
  const data = { release_id: id, version, description, cause };
  await deps.appendEvent(trx, { kind, appId: release.appId, actor: release.actor, data });
}

export async function requireRelease(db: Db, appId: string, identity: string): Promise<Release> {
  const release = await findRelease(db, appId, identity);
  if (!release) throw noSuchRelease();
  return release;
}

/**
 * Changes config vars and makes the release for it. A change that changes nothing makes no release. Returns the
 * config as it is now.
 */
export async function changeAppConfig(
  wanted: { readonly appId: string; readonly actor: Actor; readonly change: ConfigChange },
  deps: ReleaseDependencies,
) {
  const { appId, actor, change } = wanted;
  return await deps.db.transaction().execute(async (trx) => {
    if (!(await findAppForUpdate(trx, appId))) throw notFound("app");
    const head = await findHeadForUpdate(trx, appId);
    if (!head) throw notFound("app");
    const changed = changeConfig(await findConfig(trx, head.configId, deps.masterKey), change);
    if (changed.set.length + changed.removed.length === 0) return changed.config;
    const configId = deps.newId();
    await insertConfig(
      trx,
      { id: configId, appId, config: changed.config, now: deps.clock() },
      deps.masterKey,
    );
    await createRelease(
      trx,
      { appId, actor, cause: "config", description: describeChange(changed), configId },
      deps,
    );
    return changed.config;
  });
}

/**
 * Makes a release of what the newest one was made of, and so runs a release command that failed again; without a
 * build. Config vars are those of now. (facts: runtime §8 "Retry", CLI client §2 `releases:retry`)
 */
export async function retryRelease(
  wanted: { readonly appId: string; readonly actor: Actor; readonly description?: string },
  deps: ReleaseDependencies,
): Promise<Release> {
  const { appId, actor } = wanted;
  return await deps.db.transaction().execute(async (trx) => {
    if (!(await findAppForUpdate(trx, appId))) throw notFound("app");
    const newest = await findNewestRelease(trx, appId);
    if (newest?.imageRemoved) throw imageRemoved();
    const description =
      wanted.description ?? (newest ? `Retry of v${newest.version}: ${newest.description}` : "Retry");
    const imageId = newest?.imageId ?? undefined;
    return await createRelease(trx, { appId, actor, cause: "retry", description, imageId }, deps);
  });
}

/** Makes a new release with the image and config of an earlier one. (facts: runtime §8 "Rollback") */
export async function rollBack(
  wanted: { readonly appId: string; readonly actor: Actor; readonly to: string },
  deps: ReleaseDependencies,
): Promise<Release> {
  const { appId, actor, to } = wanted;
  return await deps.db.transaction().execute(async (trx) => {
    const target = await requireRelease(trx, appId, to);
    checkRollbackTarget(target);
    return await releaseAgain(trx, target, actor, deps);
  });
}

/** The release that a rollback to an earlier one is, in a transaction of the caller's, who has seen to it that it may be. */
export async function releaseAgain(
  trx: Db,
  { appId, version, imageId, configId }: Release,
  actor: Actor,
  deps: ReleaseDependencies,
): Promise<Release> {
  const description = `Rollback to v${version}`;
  return await createRelease(
    trx,
    { appId, actor, cause: "rollback", description, imageId: imageId ?? undefined, configId },
    deps,
  );
}
