import { rm } from "node:fs/promises";
import type { GroupMember } from "./group-file.ts";
import type { LayerMaking, MadeLaunchLayer } from "./image-layers.ts";
import type { CachedLayer, LayerCache } from "./layer-cache.ts";
import { layersFolder, readLayers } from "./layer-files.ts";
import { copyLayerSboms } from "./sbom-files.ts";
import { fingerprint } from "./tree-entries.ts";

/** Keeps all layers marked `cache = true`, with their SBOM files, for the next build of the application. */
export async function saveLayers(
  cache: LayerCache,
  making: LayerMaking,
  image: { readonly group: readonly GroupMember[]; readonly launchLayers: readonly MadeLaunchLayer[] },
  move: boolean,
): Promise<void> {
  const kept: (CachedLayer & { folder: string })[] = [];
  for (const { id } of image.group) {
    const sboms = cache.sbomFolder(id);
    await rm(sboms, { recursive: true, force: true });
    for (const files of await readLayers(making.layers, id)) {
      if (!files.types.cache || !files.hasContent) continue;
      const made = image.launchLayers.find((layer) => layer.files.folder === files.folder);
      kept.push({
        buildpackId: id,
        name: files.name,
        build: files.types.build,
        launch: files.types.launch,
        metadata: files.metadata,
        fingerprint: made?.fingerprint || fingerprint(files.folder),
        ...(made ? { image: { ...made.image, contribution: made.contribution } } : {}),
        folder: files.folder,
      });
      await copyLayerSboms(layersFolder(making.layers, id), sboms, files.name);
    }
  }
  await cache.replace(kept, move);
}
