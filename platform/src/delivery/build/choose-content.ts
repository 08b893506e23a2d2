import type { Clock, Db, HeldRecord, MasterKey } from "../../kernel/index.ts";
import { findConfig } from "../config/index.ts";
import { findCurrentRelease, findHead, findRelease, type Release } from "../release/index.ts";
import type { Build } from "./build.ts";
import { findBuildOf, noteOfBuild } from "./build-store.ts";
import { projectFolder } from "./project-folder.ts";

export interface ContentDependencies extends HeldRecord {
  readonly clock: Clock;
  readonly masterKey: MasterKey;
  /** Stores a folder of a stored source as a source of its own. Throws invalid_params for a folder without files. */
  readonly cutSource: (digest: string, folder: string) => Promise<{ readonly digest: string }>;
}

export interface Content {
  /** Of the source to build: all of what was given, or the folder that is the app. */
  readonly digest: string;
  /** That folder; undefined for all of it. */
  readonly folder: string | undefined;
  /** The release that runs, when it is of the same folder with the same config: there is nothing to build. */
  readonly servedBy?: Release;
}

/**
 * What of a source is the app. An app that is a folder (PROJECT_PATH) is built only when something in the folder or in its
 * config changed since the release that runs; an app that is a whole repository is built at each push.
 */
export async function chooseContent(
  build: Build,
  source: string,
  deps: ContentDependencies,
): Promise<Content> {
  const { db } = deps;
  const head = await findHead(db, build.appId);
  if (!head) return { digest: source, folder: undefined };
  const folder = projectFolder(await findConfig(db, head.configId, deps.masterKey));
  const digest = folder === undefined ? source : (await deps.cutSource(source, folder)).digest;
  const served = folder === undefined ? undefined : await findServing(build.appId, digest, db);
  if (served) return { digest, folder, servedBy: served };
  await noteOfBuild(build.id, { builtDigest: digest, builtConfigId: head.configId }, deps);
  return { digest, folder };
}

/** The current release, when it is the newest in line and its image was built of this with the config of now. */
async function findServing(appId: string, digest: string, db: Db): Promise<Release | undefined> {
  const [head, current] = [await findHead(db, appId), await findCurrentRelease(db, appId)];
  if (!head || !current?.imageId || current.imageRemoved) return undefined;
  const newest = await findRelease(db, appId, `v${head.nextVersion - 1}`);
  if (newest?.status === "pending") return undefined;
  const { imageId } = current;
  const built = await findBuildOf(db, { appId, imageId, builtDigest: digest, builtConfigId: head.configId });
  return built && current;
}
