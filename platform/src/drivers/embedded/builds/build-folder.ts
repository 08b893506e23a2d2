import { lstat, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildSpec } from "../../../delivery/build/index.ts";
import { type FilledFolder, type FolderSources, fillFolder, makeOwned } from "../../cnb/builds/index.ts";
import { readInside, removeTree } from "../../files/trees/index.ts";

/** The folders of one build. `layers` also holds the cache, so that cached layers can be moved and not copied. */
export interface BuildFolder extends FilledFolder {
  readonly root: string;
  /** Where the phase runner puts what it needs. */
  readonly sandbox: string;
}

/** Which lifecycle a cache is of, in the cache itself; missing for our own. */
const MAKER_FILE = ".made-by";

/** The cache's name within the layers folder; no buildpack has such an id. */
export const CACHE_NAME = ".cache";
/** Whose cache it is: its name among all caches. */
const CACHE_FILE = "app";

/** What `fillBuildFolder` fills a folder from. */
export interface BuildFolderSources extends FolderSources {
  readonly cacheRoot: string;
  /** Of the app's cache below it. */
  readonly cacheName: string;
  readonly cacheMaker?: () => string | undefined;
}

/**
 * Fills the folder of a build, which is made unless it exists, with what phases need and the app's cache. Throws
 * invalid_params for a source that cannot be built.
 */
export async function fillBuildFolder(
  { root, sandbox }: Pick<BuildFolder, "root" | "sandbox">,
  spec: BuildSpec,
  from: BuildFolderSources,
): Promise<BuildFolder> {
  await mkdir(root, { recursive: true, mode: 0o711 });
  await writeFile(join(root, CACHE_FILE), from.cacheName);
  const filled = await fillFolder(root, spec, from);
  const cache = join(filled.layers, CACHE_NAME);
  await takeCache(join(from.cacheRoot, from.cacheName), cache, from.owner);
  await requireMaker(cache, from.cacheMaker?.(), from.owner);
  return { ...filled, root, sandbox };
}

/** Removes everything of a build but the files to keep. */
export async function clearBuildFolder(root: string, keep: readonly string[]): Promise<void> {
  for (const name of await readdir(root)) if (!keep.includes(name)) await removeTree(join(root, name));
}

/**
 * Gives the cache back to its app, also from what a killed process has left of a build. A cache that another build
 * gave back meanwhile is replaced.
 */
export async function returnCache(root: string, cacheRoot: string): Promise<void> {
  const cacheName = await readFile(join(root, CACHE_FILE), "utf8").catch(() => "");
  const cache = join(root, "layers", CACHE_NAME);
  const found = await lstat(cache).catch(() => undefined);
  if (!/^[A-Za-z0-9-]+$/.test(cacheName) || !found?.isDirectory()) return;
  await mkdir(cacheRoot, { recursive: true });
  const place = join(cacheRoot, cacheName);
  if (await lstat(place).catch(() => undefined)) await removeTree(place);
  await rename(cache, place);
}

async function takeCache(from: string, to: string, owner: FolderSources["owner"]): Promise<void> {
  await rename(from, to).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== "ENOENT") throw thrown;
    return makeOwned(to, owner);
  });
}

/** A cache of another lifecycle, or of another builder's buildpacks, is nothing to build upon: it begins anew. */
async function requireMaker(
  cache: string,
  maker: string | undefined,
  owner: FolderSources["owner"],
): Promise<void> {
  if ((await readInside(cache, MAKER_FILE, 4096)) === maker) return;
  await removeTree(cache);
  await makeOwned(cache, owner);
  if (maker !== undefined) await writeFile(join(cache, MAKER_FILE), maker, { mode: 0o644 });
}

/** Removes a build's folder whole; one that is not there is no error. */
export async function removeBuildFolder(root: string): Promise<void> {
  if (await lstat(root).catch(() => undefined)) await removeTree(root);
}
