import { join } from "node:path";
import { completeTarget } from "./analyze-phase.ts";
import { type LifecycleMetadata, readAnalyzed } from "./analyzed-file.ts";
import { writeRestored } from "./cache-image.ts";
import { type GroupMember, readGroup } from "./group-file.ts";
import { blobPath, exists } from "./image-layout.ts";
import type { CachedLayer, LayerCache } from "./layer-cache.ts";
import { layersFolder } from "./layer-files.ts";
import { openCache } from "./open-cache.ts";
import type { PhaseContext } from "./phase-context.ts";
import { EXIT, inPhase } from "./phase-error.ts";
import { copyLayerSboms, readSbomLayer, restoreLayerSboms } from "./sbom-files.ts";
import { readToml, writeToml } from "./toml-files.ts";
import { fingerprint } from "./tree-entries.ts";

/** Layers whose content came from the cache in this process, with what was known of the content then. */
export type RestoredLayers = readonly CachedLayer[];

/**
 * Puts back what buildpacks may use again: persistent metadata, metadata of layers of the previous image, and cached
 * layers. With `move`, cached content leaves the cache, for `putBack` or an export to return it.
 */
export async function restore(context: PhaseContext, move: boolean): Promise<RestoredLayers> {
  const { inputs, log } = context;
  return inPhase(EXIT.restore, "restoring layers of earlier builds", async () => {
    const layers = inputs.text("layers");
    if (inputs.text("build-image"))
      throw new Error("image extensions are not supported; leave -build-image away");
    const group = await readGroup(inputs.text("group"));
    await completeTarget(inputs.text("analyzed"));
    const { metadata, previous } = readAnalyzed(await readToml(inputs.text("analyzed")));
    for (const { id } of group) await restoreStore(layers, id, metadata);
    if (inputs.flag("skip-layers") || inputs.flag("skip-restore")) return [];
    if ((metadata["exec-env"] ?? inputs.execEnv) !== inputs.execEnv) return [];
    const sbom = metadata.sbom?.sha;
    const sboms = sbom && previous ? await readSbomLayer(blobPath(previous, sbom)) : new Map();
    for (const { id } of group) await restoreMetadata({ layers, metadata, sboms }, id);
    const cache = await openCache(context, []);
    if (!cache) return [];
    const restored = await restoreCached(cache, group, { layers, move });
    if (!move) await writeRestored(layers, restored);
    if (restored.length > 0)
      log.debug(`Restored ${restored.map(({ name }) => name).join(", ")} from the cache`);
    return restored;
  });
}

/** Returns to the cache, after a failed build, the layers the build has not changed. */
export async function putBack(context: PhaseContext, restored: RestoredLayers): Promise<void> {
  const { inputs } = context;
  const cache = await openCache(context, restored);
  if (!cache) return;
  const unchanged: (CachedLayer & { folder: string })[] = [];
  for (const layer of restored) {
    const folder = await findContent(
      join(layersFolder(inputs.text("layers"), layer.buildpackId), layer.name),
    );
    if (folder && fingerprint(folder) === layer.fingerprint) unchanged.push({ ...layer, folder });
  }
  await cache.putBack(unchanged);
}

/** A layer without a type has been set aside after its buildpack ran. */
async function findContent(folder: string): Promise<string | undefined> {
  for (const place of [folder, `${folder}.ignore`]) if (await exists(place)) return place;
  return undefined;
}

async function restoreStore(layers: string, id: string, metadata: LifecycleMetadata): Promise<void> {
  const store = metadata.buildpacks?.find(({ key }) => key === id)?.store;
  if (store) await writeToml(join(layersFolder(layers, id), "store.toml"), store);
}

/** Metadata of launch layers whose content only the previous image has: the buildpack may say "use it again". */
async function restoreMetadata(
  from: { layers: string; metadata: LifecycleMetadata; sboms: ReadonlyMap<string, Buffer> },
  id: string,
): Promise<void> {
  const { layers, metadata, sboms } = from;
  const known = metadata.buildpacks?.find(({ key }) => key === id)?.layers ?? {};
  for (const [name, { launch, build, cache, data }] of Object.entries(known)) {
    if (!launch || build || cache) continue;
    const folder = layersFolder(layers, id);
    await writeToml(join(folder, `${name}.toml`), { metadata: data ?? {} });
    await restoreLayerSboms(sboms, { buildpackId: id, name }, folder);
  }
}

async function restoreCached(
  cache: LayerCache,
  group: readonly GroupMember[],
  { layers, move }: { layers: string; move: boolean },
): Promise<CachedLayer[]> {
  const restored: CachedLayer[] = [];
  for (const layer of cache.layers) {
    if (!group.some(({ id }) => id === layer.buildpackId)) continue;
    const folder = layersFolder(layers, layer.buildpackId);
    const content = join(folder, layer.name);
    if (!(await cache.take(layer, content, move))) continue;
    await writeToml(`${content}.toml`, { metadata: layer.metadata });
    await copyLayerSboms(cache.sbomFolder(layer.buildpackId), folder, layer.name);
    restored.push(move ? layer : { ...layer, fingerprint: fingerprint(content) });
  }
  return restored;
}
