import type { PlatformImage } from "./write-platform.ts";

/** Where a container engine looks in a tar that it is told to load. */
export const ENGINE_MANIFEST = "manifest.json";

/**
 * What `docker load` reads of a tar, whatever its version: Docker's own list of images, beside which `docker save` puts an OCI
 * layout, too. Engines that know layouts read the layout instead. One image, for one architecture.
 */
export function makeEngineManifest(
  name: string,
  { config, layers }: Pick<PlatformImage, "config" | "layers">,
) {
  const path = (digest: string) => `blobs/${digest.replace(":", "/")}`;
  return [{ Config: path(config), RepoTags: [name], Layers: layers.map(path) }];
}
