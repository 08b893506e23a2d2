import { buffer } from "node:stream/consumers";
import { isDigest, parseManifest } from "../image/index.ts";
import { tagOfType } from "./app-repository.ts";
import type { RegistryDependencies } from "./registry-call.ts";
import { COMMON_SPACE, type Repository } from "./registry-rules.ts";

export interface PushedImage {
  readonly appId: string;
  readonly type: string;
  /** The digest of its config, which is what clients call an image's id, or of its manifest. */
  readonly id: string;
}

type Stores = Pick<RegistryDependencies, "content" | "records">;

/** So many images of a repository are looked through for one that no tag of its type names any more. */
const MOST_LOOKED_AT = 500;

/**
 * The digest of the manifest of an image that was pushed to an app's repository; undefined when there is none. The one
 * pushed last for the type is looked at first: nearly always that is the one.
 */
export async function findPushedImage(
  stores: Stores,
  { appId, type, id }: PushedImage,
): Promise<string | undefined> {
  if (!isDigest(id)) return undefined;
  const repository: Repository = { space: COMMON_SPACE, name: appId };
  const newest = await stores.records.findManifest(repository, tagOfType(type));
  if (newest && (await isImage(stores, newest.digest, id))) return newest.digest;
  if (await stores.records.findManifest(repository, id))
    return (await isImage(stores, id, id)) ? id : undefined;
  let left = MOST_LOOKED_AT;
  for await (const { digest } of stores.records.manifests(repository)) {
    if (await isImage(stores, digest, id)) return digest;
    if (--left === 0) return undefined;
  }
  return undefined;
}

/** Whether a manifest is one image's, and that of this id. An index names images for several machines, and is none itself. */
async function isImage({ content }: Stores, digest: string, id: string): Promise<boolean> {
  try {
    const { config } = parseManifest(await buffer(await content.read(digest)));
    return id === digest || id === config.digest;
  } catch {
    return false;
  }
}
