import type { ArtifactStore } from "../../../delivery/attestation/index.ts";
import { MEDIA } from "../../../delivery/image/index.ts";
import { COMMON_SPACE, type Repository, type RepositoryRecords } from "../../../delivery/registry/index.ts";
import type { DiskImageStore } from "./disk-image-store.ts";

/**
 * Keeps artifacts in the store of this disk, and in the app's repository where the registry serves one. In the store alone
 * they stay by their subject, as the collection sees it.
 */
export function openDiskArtifacts({
  content,
  records,
}: {
  readonly content: Pick<DiskImageStore, "write">;
  readonly records?: Pick<RepositoryRecords, "holdBlob" | "holdManifest">;
}): ArtifactStore {
  return {
    async attach(appId, { subject, artifactType, blobs, manifest, tag }) {
      const repository: Repository = { space: COMMON_SPACE, name: appId };
      for (const { bytes, descriptor } of blobs) {
        await content.write(bytes, descriptor.digest);
        await records?.holdBlob(repository, descriptor.digest);
      }
      const { digest, size } = manifest.descriptor;
      await content.write(manifest.bytes, digest);
      const held = { digest, mediaType: MEDIA.manifest, sizeBytes: size, subject, artifactType };
      await records?.holdManifest(repository, held, tag);
    },
  };
}
