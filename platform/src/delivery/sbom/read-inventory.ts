import type { ImageDocuments, ImageStore } from "../image/index.ts";
import { LABEL, MEDIA } from "../image/index.ts";
import type { SourceStore } from "../source/index.ts";
import { isBillPath, readBuildpackBills } from "./buildpack-bill.ts";
import { type Inventory, makeInventory } from "./component.ts";
import { readTarFiles } from "./read-tar-files.ts";
import { isLockPath, LOCK_LIMITS, readLockFiles } from "./source-lock.ts";

export interface InventorySources {
  readonly images: Pick<ImageStore, "read">;
  readonly sources: Pick<SourceStore, "read">;
}

/** Layers of bills larger than this are hostile, or of no use to anybody. */
const BILL_LIMITS = { fileBytes: 16 * 1024 * 1024, totalBytes: 48 * 1024 * 1024, files: 500 };
const BILL_LAYER_BYTES = 64 * 1024 * 1024;

/**
 * What an image was made with: what its buildpacks say, in the layer of bills that a lifecycle puts into the image, and what
 * the lock files of its source say. What cannot be read is remarked, and nothing is run. Throws when image or source cannot be
 * had from their stores.
 */
export async function readInventory(
  of: { readonly image: ImageDocuments; readonly source: string },
  from: InventorySources,
): Promise<Inventory> {
  const locks = readLockFiles(
    await readTarFiles(await from.sources.read(of.source), isLockPath, LOCK_LIMITS),
  );
  const bills = await readBills(of.image, from);
  return makeInventory([...bills.components, ...locks.components], [...bills.remarks, ...locks.remarks]);
}

async function readBills({ manifest, config }: ImageDocuments, { images }: InventorySources) {
  const diffId = billLayerOf(config.config.Labels?.[LABEL.lifecycle]);
  const layer = manifest.layers[config.rootfs.diff_ids.indexOf(diffId ?? "")];
  if (!layer) return { components: [], remarks: [] };
  if (layer.mediaType !== MEDIA.layer || layer.size > BILL_LAYER_BYTES)
    return {
      components: [],
      remarks: ["The buildpacks' bills were not read: their layer is compressed or too large."],
    };
  return readBuildpackBills(await readTarFiles(await images.read(layer.digest), isBillPath, BILL_LIMITS));
}

/** The diffID that the lifecycle's label names (Platform API 0.15, "io.buildpacks.lifecycle.metadata"). */
function billLayerOf(label: string | undefined): string | undefined {
  try {
    const { sbom } = JSON.parse(label ?? "{}") as { readonly sbom?: { readonly sha?: string } };
    return sbom?.sha;
  } catch {
    return undefined;
  }
}
