import { buffer } from "node:stream/consumers";
import { isDigest } from "../image/index.ts";
import { readManifestDocument } from "./manifest-document.ts";
import type { RegistryAnswer, RegistryCall, RegistryDependencies } from "./registry-call.ts";
import { RegistryError } from "./registry-error.ts";
import { isTag, type Repository } from "./registry-rules.ts";
import { blobUnknown, manifestUnknown } from "./serve-content.ts";

type Stores = Pick<RegistryDependencies, "content" | "records">;

const ACCEPTED: RegistryAnswer = { status: 202, headers: { "content-length": 0 } };

/**
 * Deletes a tag, or a manifest with all tags that name it (distribution-spec 1.1, "Content Management"). What a manifest
 * names stays in the repository until it is collected. One that an index names is not deleted before the index is.
 */
export async function deleteManifest(
  stores: Stores,
  { repository }: RegistryCall,
  reference: string,
): Promise<RegistryAnswer> {
  if (isTag(reference)) {
    if (!(await stores.records.dropTag(repository, reference))) throw manifestUnknown();
    return ACCEPTED;
  }
  const found = isDigest(reference) && (await stores.records.findManifest(repository, reference));
  if (!found) throw manifestUnknown();
  await requireUnnamed(stores, repository, reference);
  await stores.records.dropManifest(repository, reference);
  return ACCEPTED;
}

/** Takes a blob out of a repository, unless one of its manifests names it: an image that is there stays whole. */
export async function deleteBlob(
  stores: Stores,
  { repository }: RegistryCall,
  digest: string,
): Promise<RegistryAnswer> {
  if (!(await stores.records.holdsBlob(repository, digest))) throw blobUnknown();
  await requireUnnamed(stores, repository, digest);
  await stores.records.dropBlob(repository, digest);
  return ACCEPTED;
}

/** For what is in use deletion is disabled, which the specification answers 405. */
async function requireUnnamed(stores: Stores, repository: Repository, digest: string): Promise<void> {
  for await (const held of stores.records.manifests(repository)) {
    if ((await stores.content.weigh(held.digest)) === 0) continue;
    const { blobs, manifests } = readManifestDocument(
      await buffer(await stores.content.read(held.digest)),
      held.mediaType,
    );
    if (![...blobs, ...manifests].some((part) => part.digest === digest)) continue;
    throw new RegistryError("UNSUPPORTED", `${held.digest} of this repository names it; delete that first`);
  }
}
