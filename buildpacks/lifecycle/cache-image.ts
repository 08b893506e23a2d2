import { createReadStream } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { unpackTar } from "../../platform/src/drivers/files/trees/index.ts";
import { folderName } from "./buildpack-descriptor.ts";
import { blobPath, type ImageLayer, layersOf, readLayout, writeImage, writeLayer } from "./image-layout.ts";
import { type LaunchContribution, NO_CONTRIBUTION } from "./launch-contribution.ts";
import type { CachedLayer, LayerCache } from "./layer-cache.ts";
import { type LayerOwner, makeManifest, packLayer } from "./oci.ts";
import type { TomlTable } from "./toml-files.ts";
import { parentEntries, toEntries, walkTree } from "./tree-entries.ts";

/** The label that tells a cache image's layers (Platform API 0.15, "Cache image"); the contribution is ours. */
const LABEL = "io.buildpacks.lifecycle.cache.metadata";

interface CacheRecord {
  readonly sha: string;
  readonly data: TomlTable;
  readonly build: boolean;
  readonly launch: boolean;
  readonly cache: boolean;
  readonly contribution?: LaunchContribution;
}

interface CacheMetadata {
  readonly buildpacks?: readonly {
    readonly key: string;
    readonly layers?: Readonly<Record<string, CacheRecord>>;
  }[];
}

/** How a cache image is made and read. */
export interface CacheImageOptions {
  /** Where it is read from, and where its successor is written to. */
  readonly layout: string;
  readonly owner: LayerOwner;
  /** What the restorer took from it: content that has not changed since need not be packed again. */
  readonly restored: readonly CachedLayer[];
}

const LIMITS = { bytes: 16 * 1024 ** 3, entries: 2_000_000 };

/**
 * Layers from one build to the next as an image, for builds that share no folder. What is a layer of the app's image is the
 * same blob here, so that nothing of it is stored twice. Layers are plain tars, without times, as in app images.
 */
export async function openCacheImage({ layout, owner, restored }: CacheImageOptions): Promise<LayerCache> {
  const image = await readLayout(layout).catch(() => undefined);
  const blobs: ReadonlyMap<string, ImageLayer> = image ? layersOf(image) : new Map();
  const layers = readRecords(image?.config.config.Labels?.[LABEL], blobs);
  const before = new Map([...layers, ...restored].map((layer) => [nameOf(layer), layer]));
  const pack = (folder: string) =>
    writeLayer(layout, packLayer(withParents(folder, toEntries(walkTree(folder))), owner));
  return {
    layers,
    take: async (layer, folder) => {
      const blob = layer.image && blobPath(layout, layer.image.diffId);
      if (!blob) return false;
      const aside = `${folder}.unpacking`;
      try {
        await mkdir(aside, { recursive: true });
        await unpackTar(createReadStream(blob), aside, { limits: LIMITS });
        await mkdir(dirname(folder), { recursive: true });
        await rename(join(aside, folder), folder);
        return true;
      } catch {
        // A cache that has lost something is a cache without it.
        return false;
      } finally {
        await rm(aside, { recursive: true, force: true });
      }
    },
    putBack: async () => {},
    replace: async (next) => {
      const kept: { readonly layer: CachedLayer; readonly blob: ImageLayer }[] = [];
      for (const { folder, ...layer } of next) {
        const old = before.get(nameOf(layer));
        const same = old?.fingerprint === layer.fingerprint ? old.image : undefined;
        kept.push({ layer, blob: layer.image ?? same ?? (await pack(folder)) });
      }
      await writeCacheImage(layout, kept);
    },
    sbomFolder: (buildpackId) => join(layout, "sbom", folderName(buildpackId)),
  };
}

async function writeCacheImage(
  layout: string,
  kept: readonly { readonly layer: CachedLayer; readonly blob: ImageLayer }[],
): Promise<void> {
  const keys = [...new Set(kept.map(({ layer }) => layer.buildpackId))];
  const recordOf = ({ layer, blob }: (typeof kept)[number]): [string, CacheRecord] => {
    const { name, metadata, build, launch, image } = layer;
    const contribution = image ? { contribution: image.contribution } : {};
    return [name, { sha: blob.diffId, data: metadata, build, launch, cache: true, ...contribution }];
  };
  const metadata: CacheMetadata = {
    buildpacks: keys.map((key) => ({
      key,
      layers: Object.fromEntries(kept.filter(({ layer }) => layer.buildpackId === key).map(recordOf)),
    })),
  };
  const config = {
    ...{ architecture: process.arch === "x64" ? "amd64" : process.arch, os: "linux" },
    config: { Labels: { [LABEL]: JSON.stringify(metadata) } },
    rootfs: { type: "layers" as const, diff_ids: kept.map(({ blob }) => blob.diffId) },
  };
  await writeImage(layout, config, (of) =>
    makeManifest(
      of,
      kept.map(({ blob }) => blob.descriptor),
    ),
  );
}

/** The layers that the label names and the image has. A label that is none names nothing. */
function readRecords(label: string | undefined, blobs: ReadonlyMap<string, ImageLayer>): CachedLayer[] {
  let metadata: CacheMetadata | null;
  try {
    metadata = JSON.parse(label ?? "{}") as CacheMetadata | null;
  } catch {
    return [];
  }
  return (metadata?.buildpacks ?? []).flatMap(({ key, layers = {} }) =>
    Object.entries(layers).flatMap(([name, record]) => {
      const blob = blobs.get(record.sha);
      if (!blob) return [];
      const { build, launch, data, contribution = NO_CONTRIBUTION } = record;
      return [
        {
          ...{ buildpackId: key, name, build, launch, metadata: data, fingerprint: "" },
          image: { ...blob, contribution },
        },
      ];
    }),
  );
}

function nameOf({ buildpackId, name }: Pick<CachedLayer, "buildpackId" | "name">): string {
  return `${buildpackId}\0${name}`;
}

function* withParents(path: string, entries: ReturnType<typeof toEntries>) {
  yield* parentEntries(path);
  yield* entries;
}

const RESTORED = ".restored.json";

/** Tells an exporter in another process what was restored. A build that changes it only spoils its own image. */
export async function writeRestored(layers: string, restored: readonly CachedLayer[]): Promise<void> {
  await writeFile(join(layers, RESTORED), JSON.stringify(restored));
}

export async function readRestored(layers: string): Promise<readonly CachedLayer[]> {
  try {
    const value: unknown = JSON.parse(await readFile(join(layers, RESTORED), "utf8"));
    return Array.isArray(value) ? (value as readonly CachedLayer[]) : [];
  } catch {
    return [];
  }
}
