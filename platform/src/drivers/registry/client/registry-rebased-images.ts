import { MEDIA, parseIndex, partOfBytes } from "../../../delivery/image/index.ts";
import type { RebasedImages } from "../../../delivery/rebase/index.ts";
import type { RegistryClient } from "./registry-client.ts";

/** Keeps rebased images in the apps' repositories of a registry, which takes the run image's layers over from its own. */
export function makeRegistryRebasedImages(options: {
  /** The registry with the right to push to an app's repository and to read run images; closed after each use. */
  readonly open: (appId: string) => RegistryClient;
  readonly repositoryOf: (appId: string) => string;
  /** Where run images are. */
  readonly runRepositories: readonly string[];
}): RebasedImages {
  return {
    async keep(appId, { config, manifest, runLayers }) {
      const client = options.open(appId);
      const repository = options.repositoryOf(appId);
      const takeOver = async (digest: string) => {
        if (await client.hasBlob(repository, digest)) return true;
        for (const from of options.runRepositories)
          if (await client.mountBlob(repository, digest, from)) return true;
        return false;
      };
      try {
        for (const { digest } of runLayers)
          if (!(await takeOver(digest)))
            throw new Error(`the layer ${digest} is not in ${options.runRepositories.join(", ")}`);
        if (!(await client.hasBlob(repository, config.descriptor.digest)))
          await client.pushBlob(repository, partOfBytes(config.descriptor, config.bytes));
        const document = { mediaType: MEDIA.manifest, bytes: manifest.bytes };
        await client.pushManifest(repository, manifest.descriptor.digest, document);
      } finally {
        await client.close();
      }
    },
    async keepIndex(appId, { bytes, descriptor }) {
      const client = options.open(appId);
      const repository = options.repositoryOf(appId);
      try {
        // Any registry may take an index whose images it has not.
        for (const { digest } of parseIndex(bytes).manifests)
          if (!(await client.pullManifest(repository, digest)))
            throw new Error(`the image ${digest} is not in ${repository}`);
        await client.pushManifest(repository, descriptor.digest, { mediaType: MEDIA.index, bytes });
      } finally {
        await client.close();
      }
    },
  };
}
