import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import {
  DOCUMENT_LIMIT,
  encodeDocument,
  MEDIA,
  makeManifest,
  parseManifest,
  partOfBytes,
} from "../../../delivery/image/index.ts";
import type { RegistryClient } from "../../registry/client/index.ts";
import { BUILDER_CACHE_TAG } from "./build-task.ts";
import { intoRepository } from "./repository-content.ts";

/** The config of the image that a cache folder is kept as; each of its layers is one file. */
interface FolderConfig {
  /** The repository of the builder that wrote it, and alone understands it. */
  readonly maker: string;
  /** In the order of the layers. */
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

/** Where an app's cache is, and whose it is. */
interface CachePlace {
  readonly repository: string;
  readonly maker: string;
  readonly limitBytes: number;
  readonly tagSuffix?: string | undefined;
}

const FOLDER = "application/vnd.conifer.cache-folder.v1+json";
const FILE = "application/octet-stream";
/** A registry takes manifests that name a thousand parts. */
const MOST_FILES = 900;

/**
 * Fetches what builds in this maker's builder have kept into a folder that is empty. Nothing of it is needed: what cannot be
 * fetched leaves the build without a cache, and so does one of another maker.
 */
export async function fetchCacheFolder(
  folder: string,
  { repository, maker, limitBytes, tagSuffix = "" }: CachePlace,
  client: RegistryClient,
): Promise<void> {
  try {
    const kept = await client.pullManifest(repository, BUILDER_CACHE_TAG + tagSuffix);
    if (!kept) return;
    const { config, layers } = parseManifest(kept.bytes);
    if (config.mediaType !== FOLDER || config.size > DOCUMENT_LIMIT) return;
    const text = (await buffer(client.readBlob(repository, config))).toString();
    const { maker: theirs, files } = JSON.parse(text) as FolderConfig;
    const bytes = layers.reduce((sum, { size }) => sum + size, 0);
    if (theirs !== maker || files.length !== layers.length || bytes > limitBytes) return;
    for (const [n, { path, mode }] of files.entries()) {
      const layer = layers[n];
      const to = join(folder, path);
      if (!layer || path.split("/").includes("..")) throw new Error(`${path} is no file of a cache`);
      await mkdir(dirname(to), { recursive: true });
      await pipeline(client.readBlob(repository, layer), createWriteStream(to));
      await chmod(to, mode & 0o777);
    }
  } catch {
    for (const name of await readdir(folder).catch(() => []))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

/**
 * Keeps what a lifecycle has left in its cache folder. A file that is there already is not sent again. A folder with links,
 * or with more files or bytes than a cache may have, is not kept, and the next build begins with what there was before. Throws
 * when the registry does not take it.
 */
export async function keepCacheFolder(folder: string, at: CachePlace, client: RegistryClient): Promise<void> {
  const paths = await listFiles(folder);
  if (!paths || paths.length === 0 || paths.length > MOST_FILES) return;
  const files = await Promise.all(
    paths.map(async (path) => {
      const { size, mode } = await stat(join(folder, path));
      return { path, size, mode: mode & 0o777 };
    }),
  );
  if (files.reduce((sum, { size }) => sum + size, 0) > at.limitBytes) return;
  const sink = intoRepository(client, at.repository, []);
  const layers: { mediaType: string; digest: string; size: number }[] = [];
  for (const { path, size } of files) {
    const open = () => createReadStream(join(folder, path)) as AsyncIterable<Buffer>;
    const hash = createHash("sha256");
    for await (const part of open()) hash.update(part);
    const digest = `sha256:${hash.digest("hex")}`;
    await sink.write({ digest, size, open });
    layers.push({ mediaType: FILE, digest, size });
  }
  const named: FolderConfig = { maker: at.maker, files: files.map(({ path, mode }) => ({ path, mode })) };
  const config = encodeDocument(FOLDER, named);
  await sink.write(partOfBytes(config.descriptor, config.bytes));
  const { bytes } = encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, layers));
  await client.pushManifest(at.repository, BUILDER_CACHE_TAG + (at.tagSuffix ?? ""), {
    mediaType: MEDIA.manifest,
    bytes,
  });
}

/** Paths of all files below, in order; undefined when there is anything that is neither file nor folder. */
async function listFiles(folder: string): Promise<readonly string[] | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  if (entries.some((entry) => !entry.isFile() && !entry.isDirectory())) return undefined;
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).sort();
}
