import { createHash } from "node:crypto";
import { access, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  digestOf,
  type EncodedDocument,
  encodeDocument,
  hexOf,
  MEDIA,
  makeIndex,
  type OciConfig,
  type OciDescriptor,
  type OciManifest,
  parseConfig,
  parseIndex,
  parseManifest,
} from "./oci.ts";
import { parseReference } from "./reference-parts.ts";

/** An image in OCI layout form; its layers' content may be absent. */
export interface LayoutImage {
  readonly path: string;
  readonly digest: string;
  readonly manifest: OciManifest;
  readonly config: OciConfig;
}

/** A layer of an image: its descriptor, and the digest of its uncompressed content. */
export interface ImageLayer {
  readonly diffId: string;
  readonly descriptor: OciDescriptor;
}

/**
 * Where an image's layout stands below the layout folder (Platform API 0.15, "Map an image reference to a path").
 * A reference without a registry or tag gets the customary ones.
 */
export function layoutPath(layoutDir: string, reference: string): string {
  const { registry, repository, tag, digest } = parseReference(reference);
  return join(layoutDir, registry, ...repository, ...(digest === undefined ? [tag] : digest.split(":")));
}

/** Reads the image in a layout; undefined when there is no layout. Throws when the layout is broken. */
export async function readLayout(path: string): Promise<LayoutImage | undefined> {
  const bytes = await readFile(join(path, "index.json")).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT" || thrown.code === "ENOTDIR") return undefined;
    throw thrown;
  });
  if (!bytes) return undefined;
  const named = parseIndex(bytes).manifests[0];
  if (!named) throw new Error(`the layout ${path} names no image`);
  const manifest = parseManifest(await readBlob(path, named.digest));
  const config = parseConfig(await readBlob(path, manifest.config.digest));
  return { path, digest: named.digest, manifest, config };
}

/** The layers of an image by diffID. */
export function layersOf(image: LayoutImage): Map<string, ImageLayer> {
  const layers = new Map<string, ImageLayer>();
  for (const [i, diffId] of image.config.rootfs.diff_ids.entries()) {
    const descriptor = image.manifest.layers[i];
    if (descriptor) layers.set(diffId, { diffId, descriptor });
  }
  return layers;
}

export function blobPath(layout: string, digest: string): string {
  return join(layout, "blobs", "sha256", hexOf(digest));
}

async function readBlob(layout: string, digest: string): Promise<Buffer> {
  const bytes = await readFile(blobPath(layout, digest));
  if (digestOf(bytes) !== digest) throw new Error(`${blobPath(layout, digest)} is not what its name says`);
  return bytes;
}

/**
 * Writes a layer's tar into a layout and says what it is. Layers are kept as plain tars: then the digest is the
 * diffID and no compressor's version can change it.
 */
export async function writeLayer(layout: string, content: AsyncIterable<Buffer>): Promise<ImageLayer> {
  const blobs = join(layout, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  const aside = join(blobs, `.${process.pid}-${Math.random().toString(36).slice(2)}`);
  try {
    const { digest, size } = await pour(content, aside);
    await rename(aside, blobPath(layout, digest));
    return { diffId: digest, descriptor: { mediaType: MEDIA.layer, digest, size } };
  } finally {
    await rm(aside, { force: true });
  }
}

async function pour(content: AsyncIterable<Buffer>, path: string): Promise<{ digest: string; size: number }> {
  const hash = createHash("sha256");
  const file = await open(path, "wx");
  let size = 0;
  try {
    for await (const part of gathered(content)) {
      hash.update(part);
      size += part.length;
      await file.writeFile(part);
    }
  } finally {
    await file.close();
  }
  return { digest: `sha256:${hash.digest("hex")}`, size };
}

const WRITE_AT_ONCE = 1024 * 1024;

/** The same content in larger pieces: a tar comes in pieces of 512 bytes. */
async function* gathered(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const part of content) {
    parts.push(part);
    size += part.length;
    if (size < WRITE_AT_ONCE) continue;
    yield Buffer.concat(parts);
    parts = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(parts);
}

/** Writes config, manifest and index, the index last: before it nobody finds the image. Returns the manifest. */
export async function writeImage(
  layout: string,
  config: OciConfig,
  manifestFor: (config: OciDescriptor) => OciManifest,
): Promise<EncodedDocument> {
  await mkdir(join(layout, "blobs", "sha256"), { recursive: true });
  const encodedConfig = encodeDocument(MEDIA.config, config);
  const encoded = encodeDocument(MEDIA.manifest, manifestFor(encodedConfig.descriptor));
  for (const { bytes, descriptor } of [encodedConfig, encoded])
    await writeFile(blobPath(layout, descriptor.digest), bytes);
  await writeFile(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const platform = { architecture: config.architecture, os: config.os };
  await writeFile(
    join(layout, "index.json"),
    JSON.stringify(makeIndex([{ ...encoded.descriptor, platform }])),
  );
  return encoded;
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
