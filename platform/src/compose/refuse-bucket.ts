import type { Config } from "./config.ts";

/**
 * Throws when one machine is to keep its images in a bucket: its builds write them into the layout on its disk, from which
 * its dynos start, and nobody would bring the two together.
 */
export function refuseBucket({ registryStorage }: Pick<Config, "registryStorage">): void {
  if (!registryStorage) return;
  throw new Error(
    "CONIFER_REGISTRY_STORAGE is for the registry of a cluster's installation (conifer install, registry.s3), and for a " +
      "registry that runs by itself. What npm start starts keeps images on this machine's disk, where builds write them and " +
      "dynos start from them: remove the setting.",
  );
}
