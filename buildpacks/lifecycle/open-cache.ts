import { openCacheImage } from "./cache-image.ts";
import { layoutPath } from "./image-layout.ts";
import { type CachedLayer, type LayerCache, openLayerCache } from "./layer-cache.ts";
import type { PhaseContext } from "./phase-context.ts";
import { requireLayout } from "./require-layout.ts";

/**
 * The cache that a phase was given, an image in the folder of layouts or a folder of its own; undefined without one.
 * `restored` is what was taken from it in this build.
 */
export async function openCache(
  context: PhaseContext,
  restored: readonly CachedLayer[],
): Promise<LayerCache | undefined> {
  const { inputs } = context;
  const image = inputs.text("cache-image");
  if (image) {
    const layout = layoutPath(requireLayout(context), image);
    const owner = { uid: inputs.number("uid"), gid: inputs.number("gid") };
    return await openCacheImage({ layout, owner, restored });
  }
  const root = inputs.text("cache-dir");
  return root ? await openLayerCache(root) : undefined;
}
