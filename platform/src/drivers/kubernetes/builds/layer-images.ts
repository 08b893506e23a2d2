import { createWriteStream } from "node:fs";
import { lstat, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import {
  DOCUMENT_LIMIT,
  digestOf,
  encodeDocument,
  hexOf,
  MEDIA,
  makeIndex,
  makeManifest,
  type OciDescriptor,
  parseConfig,
  parseIndex,
  parseManifest,
  partOfBytes,
} from "../../../delivery/image/index.ts";
import { collectNamed, namedIn } from "../../cnb/builds/index.ts";
import { readInside } from "../../files/trees/index.ts";
import type { RegistryClient } from "../../registry/client/index.ts";
import { LAYERS_TAG } from "./build-task.ts";
import { intoRepository } from "./repository-content.ts";

const NAME = "org.opencontainers.image.ref.name";

/** Where an app's layers are kept, and how many bytes of them. */
interface LayersPlace {
  readonly repository: string;
  readonly limitBytes: number;
}

/**
 * Fetches the images of all steps of the app's last build into a layout, and returns how many there are. None of them is
 * needed: what cannot be fetched leaves the build without any.
 */
export async function fetchLayers(
  layout: string,
  { repository, limitBytes }: LayersPlace,
  client: RegistryClient,
): Promise<number> {
  const blobs = join(layout, "blobs/sha256");
  try {
    const kept = await client.pullManifest(repository, LAYERS_TAG);
    if (kept?.mediaType !== MEDIA.index) return 0;
    const { manifests } = parseIndex(kept.bytes);
    await mkdir(blobs, { recursive: true });
    const here = new Set<string>();
    let bytes = 0;
    for (const { digest } of manifests) {
      const manifest = await client.pullManifest(repository, digest);
      if (!manifest) throw new Error(`${digest} is gone`);
      await writeFile(join(blobs, hexOf(digest)), manifest.bytes);
      const { config, layers } = parseManifest(manifest.bytes);
      for (const part of [config, ...layers]) {
        if (here.has(part.digest)) continue;
        here.add(part.digest);
        bytes += part.size;
        if (bytes > limitBytes) throw new Error("there is more than a build may have");
        const to = createWriteStream(join(blobs, hexOf(part.digest)));
        await pipeline(client.readBlob(repository, part), to);
      }
    }
    const named = manifests.map((one, n) => ({ ...one, annotations: { [NAME]: String(n) } }));
    await writeFile(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    await writeFile(join(layout, "index.json"), JSON.stringify(makeIndex(named)));
    return manifests.length;
  } catch {
    await rm(layout, { recursive: true, force: true });
    return 0;
  }
}

/** How many images a layout has that `fetchLayers` made; none when there is no layout. */
export async function countLayers(folder: string): Promise<number> {
  const left = { root: folder, layout: "in", known: new Map<string, string>(), limitBytes: 0 };
  const named = await namedIn(left).catch(() => []);
  return named.length;
}

/** What a build has left: the images of the plan as layouts below `out`, and in the cache what is noted of all others. */
interface LeftLayers {
  readonly cache: string;
  readonly out: string;
}

interface NotedImage {
  readonly id: string;
  readonly bytes: Buffer;
  readonly diffIds: readonly string[];
}

/** The images that are noted, those of most layers first. */
async function notedIn(cache: string): Promise<readonly NotedImage[]> {
  const folder = join(cache, "configs");
  const noted: NotedImage[] = [];
  for (const id of await readdir(folder).catch(() => [])) {
    const bytes = (await readInside(cache, join("configs", id), DOCUMENT_LIMIT)) ?? "";
    try {
      noted.push({ id, bytes: Buffer.from(bytes), diffIds: parseConfig(Buffer.from(bytes)).rootfs.diff_ids });
    } catch {
      // An image that cannot be read is built again.
    }
  }
  return noted.sort((a, b) => b.diffIds.length - a.diffIds.length);
}

/** Sizes of the blobs that are there in layouts, by digest. */
async function blobsIn({ cache, out }: LeftLayers): Promise<Map<string, number>> {
  const layouts = (await readdir(out).catch(() => [])).map((name) => join(out, name));
  const sizes = new Map<string, number>();
  for (const layout of [...layouts, join(cache, "out")]) {
    const blobs = join(layout, "blobs/sha256");
    for (const hex of await readdir(blobs).catch(() => [])) {
      const { size } = await lstat(join(blobs, hex));
      sizes.set(`sha256:${hex}`, size);
    }
  }
  return sizes;
}

/** Ids of the fewest images whose layers are to be written, so that those of all steps are there: most are in the result. */
export async function imagesToKeep(left: LeftLayers): Promise<readonly string[]> {
  const there = new Set((await blobsIn(left)).keys());
  const ids: string[] = [];
  for (const { id, diffIds } of await notedIn(left.cache)) {
    if (diffIds.every((digest) => there.has(digest))) continue;
    ids.push(id);
    for (const digest of diffIds) there.add(digest);
  }
  return ids;
}

/**
 * Keeps the images of all steps that a build has left. Most layers are the image's own and in the repository by now. When they
 * are more than an app may keep, none is, and the next build begins anew. Throws when the registry does not take them.
 */
export async function keepLayers(
  left: LeftLayers,
  { repository, limitBytes }: LayersPlace,
  client: RegistryClient,
): Promise<void> {
  const written = { root: left.cache, layout: "out", known: new Map<string, string>(), limitBytes };
  const sink = intoRepository(client, repository, []);
  for (const named of await namedIn(written).catch(() => [])) await collectNamed(written, named, sink);
  const sizes = await blobsIn(left);
  const kept = new Map<string, number>();
  const manifests: OciDescriptor[] = [];
  for (const { bytes, diffIds } of await notedIn(left.cache)) {
    const layers = diffIds.map((digest) => ({
      mediaType: MEDIA.layer,
      digest,
      size: sizes.get(digest) ?? -1,
    }));
    if (layers.some(({ size }) => size < 0)) continue;
    const config = { mediaType: MEDIA.config, digest: digestOf(bytes), size: bytes.length };
    const { bytes: manifest, descriptor } = encodeDocument(MEDIA.manifest, makeManifest(config, layers));
    await sink.write(partOfBytes(config, bytes));
    await sink.writeManifest(manifest, descriptor.digest);
    manifests.push(descriptor);
    for (const { digest, size } of layers) kept.set(digest, size);
  }
  if (manifests.length === 0) return;
  const bytes = [...kept.values()].reduce((sum, size) => sum + size, 0);
  const index = makeIndex(bytes > limitBytes ? [] : manifests);
  await client.pushManifest(repository, LAYERS_TAG, {
    mediaType: MEDIA.index,
    bytes: Buffer.from(JSON.stringify(index)),
  });
}
