import { createWriteStream } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import {
  ARCHITECTURES,
  encodeDocument,
  hexOf,
  MEDIA,
  makeIndex,
  makeManifest,
  parseIndex,
  parseManifest,
  partOfBytes,
} from "../../../delivery/image/index.ts";
import { collectImage, LAYOUTS } from "../../cnb/builds/index.ts";
import type { RegistryClient } from "../../registry/client/index.ts";
import {
  BUILDER_CACHE_TAG,
  BUILDER_TAG,
  type BuildTask,
  CACHE_TAG,
  LAYERS_TAG,
  tagSuffixOf,
} from "./build-task.ts";
import { intoRepository } from "./repository-content.ts";

/** How many layers of a cache come at once. */
const AT_ONCE = 4;

/**
 * Fetches what an app's builds have kept, into the layout where the phases look for it. Nothing of it is needed: what
 * cannot be fetched leaves the build without a cache.
 */
export async function fetchCache(
  layouts: string,
  repository: string,
  client: RegistryClient,
  tagSuffix = "",
): Promise<void> {
  const layout = join(layouts, LAYOUTS.cache.path);
  const blobs = join(layout, "blobs/sha256");
  try {
    const kept = await client.pullManifest(repository, CACHE_TAG + tagSuffix);
    if (!kept) return;
    const { config, layers } = parseManifest(kept.bytes);
    if (layers.length === 0) return;
    await mkdir(blobs, { recursive: true });
    await writeFile(join(blobs, hexOf(kept.digest)), kept.bytes);
    const waiting = [config, ...layers];
    const fetchAll = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const to = createWriteStream(join(blobs, hexOf(next.digest)));
        await pipeline(client.readBlob(repository, { digest: next.digest, size: next.size }), to);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, fetchAll));
    const named = { mediaType: MEDIA.manifest, digest: kept.digest, size: kept.bytes.length };
    await writeFile(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    await writeFile(join(layout, "index.json"), JSON.stringify(makeIndex([named])));
  } catch {
    await rm(layout, { recursive: true, force: true });
  }
}

/**
 * Keeps what the exporter has left for the next build. Most layers are the image's own and in the repository by now, or were
 * there before. Throws when the registry does not take it, which costs the next build time and nothing else.
 */
export async function keepCache(
  layouts: string,
  {
    repository,
    imageLimitBytes,
    tagSuffix = "",
  }: Pick<BuildTask, "repository" | "imageLimitBytes" | "tagSuffix">,
  client: RegistryClient,
): Promise<void> {
  const layout = join(layouts, LAYOUTS.cache.path);
  const index = await readFile(join(layout, "index.json")).catch(() => undefined);
  const digest = index && parseIndex(index).manifests[0]?.digest;
  if (!digest) return;
  const { layers } = parseManifest(await readFile(join(layout, "blobs/sha256", hexOf(digest))));
  const sink = intoRepository(client, repository, []);
  await collectImage(
    {
      ...{ root: layouts, layout: LAYOUTS.cache.path, limitBytes: imageLimitBytes },
      // Plain tars all: a digest is a diffID.
      known: new Map(layers.map((layer) => [layer.digest, layer.digest])),
    },
    {
      ...sink,
      writeManifest: (bytes) =>
        client.pushManifest(repository, CACHE_TAG + tagSuffix, { mediaType: MEDIA.manifest, bytes }),
    },
  );
}

/**
 * Has the app's next build begin without a cache, and without a builder that was fetched before: nothing can be deleted in a
 * registry, but a tag can name nothing.
 */
export async function forgetCaches(repository: string, client: RegistryClient): Promise<void> {
  const suffixes = ["", ...ARCHITECTURES.map(tagSuffixOf)];
  for (const tag of [CACHE_TAG, BUILDER_CACHE_TAG, BUILDER_TAG, LAYERS_TAG].flatMap((one) =>
    suffixes.map((end) => one + end),
  ))
    if (await client.pullManifest(repository, tag)) await nameNothing(repository, tag, client);
}

async function nameNothing(repository: string, tag: string, client: RegistryClient): Promise<void> {
  const config = encodeDocument(MEDIA.config, {
    ...{ architecture: "amd64", os: "linux", config: {}, rootfs: { type: "layers", diff_ids: [] } },
  });
  await client.pushBlob(repository, partOfBytes(config.descriptor, config.bytes));
  const { bytes } = encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, []));
  await client.pushManifest(repository, tag, { mediaType: MEDIA.manifest, bytes });
}
