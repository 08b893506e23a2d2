import { MEDIA, readImageDocuments, readPlatforms } from "../image/index.ts";
import type { RegistryDependencies } from "./registry-call.ts";
import type { Repository } from "./registry-rules.ts";

export interface HeldImage {
  readonly repository: Repository;
  /** Of the image's manifest or index, which is in the store with all that it names. */
  readonly digest: string;
  readonly tag?: string;
}

/**
 * Puts an image that came into the store by another way than a push, such as a build of this machine, into a repository.
 * Doing it again changes nothing. May be called by any process that shares the store's disk. Throws not_found when the
 * image is not in the store.
 */
export async function holdImage(
  { content, records }: Pick<RegistryDependencies, "content" | "records">,
  { repository, digest, tag }: HeldImage,
): Promise<void> {
  const platforms = await readPlatforms(content, digest);
  const sizeBytes = (await content.sizeOf(digest)) ?? 0;
  const isIndex = platforms.some((one) => one.digest !== digest);
  if (isIndex) {
    for (const one of platforms) await holdImage({ content, records }, { repository, digest: one.digest });
    return await records.holdManifest(repository, { digest, mediaType: MEDIA.index, sizeBytes }, tag);
  }
  const { manifest } = await readImageDocuments(content, digest);
  for (const { digest: part } of [manifest.config, ...manifest.layers]) {
    // What was asked for is not collected before it is held.
    await content.sizeOf(part);
    await records.holdBlob(repository, part);
  }
  await records.holdManifest(repository, { digest, mediaType: MEDIA.manifest, sizeBytes }, tag);
}
