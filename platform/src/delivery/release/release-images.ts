import { findApp, findAppForUpdate, updateApp } from "../../apps/app/index.ts";
import { CONTAINER_STACK } from "../../apps/region/index.ts";
import { type Actor, BusinessError, type Db, invalidParams, notFound } from "../../kernel/index.ts";
import {
  type ContainerPart,
  containerInfo,
  type ImageInfo,
  type ImageStore,
  insertImage,
  partsOf,
  readContainerPart,
  readImageDocuments,
} from "../image/index.ts";
import { createRelease, type ReleaseDependencies } from "./create-release.ts";
import type { Release } from "./release.ts";
import type { PushedImages } from "./release-ports.ts";
import { findCurrentRelease, findNewestRelease } from "./release-store.ts";

export interface ReleaseImagesDependencies extends ReleaseDependencies {
  readonly pushed: PushedImages;
  readonly images: Pick<ImageStore, "read">;
}

/** What becomes of one process type: it runs an image, by the id that clients give it, or it is there no more (null). */
export interface ImageUpdate {
  readonly type: string;
  readonly image: string | null;
}

export interface WantedImages {
  readonly appId: string;
  readonly actor: Actor;
  readonly updates: readonly ImageUpdate[];
}

const MOST_TYPES = 100;

/**
 * Makes one release with an image per process type: those that are named change, the others stay as they are. Throws
 * invalid_params for an app of another stack and for an image that cannot be run, not_found for one that was not pushed.
 * (facts: build §5)
 */
export async function releaseImages(
  { appId, actor, updates }: WantedImages,
  deps: ReleaseImagesDependencies,
): Promise<Release> {
  if (updates.length > MOST_TYPES)
    throw invalidParams(`updates names more than ${MOST_TYPES} process types.`);
  await requireContainers(deps.db, appId);
  const parts: ContainerPart[] = [];
  for (const { type, image } of updates)
    if (image !== null) parts.push(await readPart(appId, type, image, deps));
  const removed = updates.filter(({ image }) => image === null).map(({ type }) => type);
  return await deps.db.transaction().execute(async (trx) => {
    const app = await findAppForUpdate(trx, appId);
    if (!app) throw notFound("app");
    const info = containerInfo(changeParts(await currentParts(trx, appId), parts, removed));
    await updateApp(trx, appId, { stack: CONTAINER_STACK }, deps.clock());
    return await releaseInfo(trx, { appId, actor, info, description: describeImages(parts, removed) }, deps);
  });
}

async function releaseInfo(
  trx: Db,
  from: {
    readonly appId: string;
    readonly actor: Actor;
    readonly info: ImageInfo;
    readonly description: string;
  },
  deps: ReleaseDependencies,
): Promise<Release> {
  const { appId, actor, info, description } = from;
  const about = { commit: null, commitDescription: null, stack: CONTAINER_STACK, createdAt: deps.clock() };
  const image = { id: deps.newId(), appId, digest: info.digest, info, ...about };
  await insertImage(trx, image);
  return await createRelease(trx, { appId, actor, cause: "image", description, imageId: image.id }, deps);
}

async function requireContainers(db: Db, appId: string): Promise<void> {
  const app = await findApp(db, appId);
  if (!app) throw notFound("app");
  if (app.buildStack === CONTAINER_STACK) return;
  throw invalidParams(
    `${app.name} is built from source by the stack ${app.buildStack}. To run images of your own, switch it first: heroku stack:set container`,
  );
}

async function readPart(
  appId: string,
  type: string,
  id: string,
  { pushed, images }: ReleaseImagesDependencies,
): Promise<ContainerPart> {
  const digest = await pushed.find({ appId, type, id });
  if (digest === undefined)
    throw new BusinessError(
      "not_found",
      `There is no image ${id.slice(0, 80)} among those that were pushed for this app. Push one to <registry>/<app>/${type}, then release it.`,
      { resource: "docker_image" },
    );
  return readContainerPart({ type, digest }, await readImageDocuments(images, digest));
}

/** The parts of the release that is next in line, or else of the current one; none when those were built by buildpacks. */
async function currentParts(trx: Db, appId: string): Promise<readonly ContainerPart[]> {
  const newest = await findNewestRelease(trx, appId);
  const base =
    newest?.status === "pending" && newest.imageInfo ? newest : await findCurrentRelease(trx, appId);
  return partsOf(base?.imageInfo ?? null);
}

/** The parts after a change, by the names of their types. Throws not_found for a type to remove that is not there. */
export function changeParts(
  before: readonly ContainerPart[],
  changed: readonly ContainerPart[],
  removed: readonly string[],
): readonly ContainerPart[] {
  const parts = new Map(before.map((part) => [part.process.type, part]));
  for (const type of removed) {
    if (parts.delete(type)) continue;
    const known = [...parts.keys()].join(", ") || "none";
    throw new BusinessError(
      "not_found",
      `No image of ${type.slice(0, 60)} is released. There is: ${known}.`,
      {
        resource: "formation",
      },
    );
  }
  for (const part of changed) parts.set(part.process.type, part);
  if (parts.size === 0)
    throw invalidParams(
      "That is the app's last process type. To stop it, scale it to 0: heroku ps:scale web=0",
    );
  return [...parts.values()].sort((a, b) => (a.process.type < b.process.type ? -1 : 1));
}

/** `Deployed web (1a2b3c4d5e6f), worker (…)`, `Removed worker`. */
export function describeImages(changed: readonly ContainerPart[], removed: readonly string[]): string {
  const named = changed.map(({ process }) => {
    const digest = process.container?.image.slice("sha256:".length, "sha256:".length + 12) ?? "";
    return `${process.type} (${digest})`;
  });
  const texts = [
    ...(named.length > 0 ? [`Deployed ${named.join(", ")}`] : []),
    ...(removed.length > 0 ? [`Removed ${removed.join(", ")}`] : []),
  ];
  return texts.join(". ").slice(0, 1_000);
}
