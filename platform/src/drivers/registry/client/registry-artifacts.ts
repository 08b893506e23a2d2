import type { ArtifactStore } from "../../../delivery/attestation/index.ts";
import { MEDIA, partOfBytes } from "../../../delivery/image/index.ts";
import type { RegistryClient } from "./registry-client.ts";
import { RegistryRequestError } from "./registry-request-error.ts";

/** Keeps artifacts in the apps' repositories of a registry. */
export function makeRegistryArtifacts(options: {
  /** The registry with the right to push to an app's repository; closed after each use. */
  readonly open: (appId: string) => RegistryClient;
  readonly repositoryOf: (appId: string) => string;
}): ArtifactStore {
  return {
    async attach(appId, { blobs, manifest, tag }) {
      const client = options.open(appId);
      const repository = options.repositoryOf(appId);
      try {
        for (const { bytes, descriptor } of blobs) {
          if (await client.hasBlob(repository, descriptor.digest)) continue;
          await client.pushBlob(repository, partOfBytes(descriptor, bytes));
        }
        const document = { mediaType: MEDIA.manifest, bytes: manifest.bytes };
        await client.pushManifest(repository, manifest.descriptor.digest, document);
        if (tag !== undefined) await nameIt(() => client.pushManifest(repository, tag, document));
      } finally {
        await client.close();
      }
    },
  };
}

/** A repository has so many tags at the most. Without one the artifact is found among the referrers all the same. */
async function nameIt(push: () => Promise<unknown>): Promise<void> {
  await push().catch((thrown) => {
    if (!(thrown instanceof RegistryRequestError) || thrown.status !== 403) throw thrown;
  });
}
