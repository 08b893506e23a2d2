import { cp, lstat, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { folderName } from "./buildpack-descriptor.ts";
import { exists } from "./image-layout.ts";
import type { LaunchContribution } from "./launch-contribution.ts";
import type { OciDescriptor } from "./oci.ts";
import type { TomlTable } from "./toml-files.ts";
import { fingerprint, isKept } from "./tree-entries.ts";

/** A layer in the cache folder. */
export interface CachedLayer {
  readonly buildpackId: string;
  readonly name: string;
  readonly build: boolean;
  readonly launch: boolean;
  readonly metadata: TomlTable;
  /** Of the content, as it stands in the cache folder. */
  readonly fingerprint: string;
  /** For launch layers: the image layer the content became, so that unchanged content need not be packed again. */
  readonly image?: {
    readonly diffId: string;
    readonly descriptor: OciDescriptor;
    readonly contribution: LaunchContribution;
  };
}

/**
 * The folder that keeps layers from one build to the next: `layers.json`, and content under `layers/`.
 * Content is moved, not copied, where both folders are on one file system. `layers.json` never names content that
 * is being changed: a build that is killed costs the cache some layers, and never leaves a wrong one.
 */
export interface LayerCache {
  readonly layers: readonly CachedLayer[];
  /** Takes a layer's content out into `folder`; false when the cache has lost it. `move` leaves none in the cache. */
  take(layer: CachedLayer, folder: string, move: boolean): Promise<boolean>;
  /** Moves content back that was taken out and has not changed since. */
  putBack(layers: readonly (CachedLayer & { readonly folder: string })[]): Promise<void>;
  /** Makes these layers, with their content, all that the cache holds. */
  replace(layers: readonly (CachedLayer & { readonly folder: string })[], move: boolean): Promise<void>;
  /** Where SBOM files of a layer are kept. */
  sbomFolder(buildpackId: string): string;
}

export async function openLayerCache(root: string): Promise<LayerCache> {
  const index = join(root, "layers.json");
  const contentOf = (layer: { buildpackId: string; name: string }) =>
    join(root, "layers", folderName(layer.buildpackId), layer.name);
  const same = (a: CachedLayer, b: CachedLayer) => a.buildpackId === b.buildpackId && a.name === b.name;
  const boot = await bootId();
  let layers = await readIndex(index, boot, contentOf);
  const record = async (next: readonly CachedLayer[]) => {
    layers = [...next];
    await mkdir(root, { recursive: true });
    await writeFile(`${index}.new`, JSON.stringify({ version: 1, boot, layers }));
    await rename(`${index}.new`, index);
  };
  return {
    get layers() {
      return layers;
    },
    async take(layer, folder, move) {
      const content = contentOf(layer);
      if (!(await exists(content))) return false;
      if (move) await record(layers.filter((other) => !same(other, layer)));
      await mkdir(dirname(folder), { recursive: true });
      await transfer(content, folder, move);
      return true;
    },
    async putBack(unchanged) {
      const back: CachedLayer[] = [];
      for (const { folder, ...layer } of unchanged) {
        const target = contentOf(layer);
        if (await exists(target)) continue;
        await mkdir(dirname(target), { recursive: true });
        const moved = await transfer(folder, target, true);
        back.push(moved ? layer : { ...layer, fingerprint: fingerprint(target) });
      }
      await record([...layers.filter((layer) => !back.some((other) => same(layer, other))), ...back]);
    },
    async replace(next, move) {
      await record([]);
      const kept: CachedLayer[] = [];
      const aside = join(root, "layers.new");
      await rm(aside, { recursive: true, force: true });
      for (const { folder, ...layer } of next) {
        const target = join(aside, folderName(layer.buildpackId), layer.name);
        await mkdir(dirname(target), { recursive: true });
        const moved = await transfer(folder, target, move);
        kept.push(moved ? layer : { ...layer, fingerprint: fingerprint(target) });
      }
      await mkdir(aside, { recursive: true });
      await rm(join(root, "layers"), { recursive: true, force: true });
      await rename(aside, join(root, "layers"));
      await record(kept);
    },
    sbomFolder: (buildpackId) => join(root, "sbom", folderName(buildpackId)),
  };
}

/** True when the content was moved; false when it had to be copied. */
async function transfer(from: string, to: string, move: boolean): Promise<boolean> {
  if (move) {
    try {
      await rename(from, to);
      return true;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EXDEV") throw thrown;
    }
  }
  const filter = async (path: string) => isKept(await lstat(path));
  await cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, filter });
  return false;
}

/**
 * The layers the cache names and still has. After a restart of the machine content may have been lost that was written
 * shortly before, so what is not exactly as recorded is dropped then.
 */
async function readIndex(
  index: string,
  boot: string,
  contentOf: (layer: CachedLayer) => string,
): Promise<CachedLayer[]> {
  const text = await readFile(index, "utf8").catch(() => "{}");
  let stored: { version?: number; boot?: string; layers?: CachedLayer[] } | null;
  try {
    stored = JSON.parse(text);
  } catch {
    return [];
  }
  if (stored?.version !== 1 || !Array.isArray(stored.layers)) return [];
  const { layers } = stored;
  if (stored.boot === boot) return layers;
  const checked = await Promise.all(layers.map((layer) => intact(layer, contentOf(layer))));
  return layers.filter((_, i) => checked[i]);
}

async function intact(layer: CachedLayer, folder: string): Promise<boolean> {
  return (await exists(folder)) && fingerprint(folder) === layer.fingerprint;
}

async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "")).trim();
}
