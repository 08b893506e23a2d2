import type { Readable } from "node:stream";
import { readBuildFacts } from "./cnb-labels.ts";
import type { ImageInfo } from "./image.ts";
import type { ImageStore } from "./image-ports.ts";
import {
  DOCUMENT_LIMIT,
  type OciConfig,
  type OciManifest,
  parseConfig,
  parseManifest,
} from "./oci-documents.ts";

/** An image's manifest and config, read and checked. */
export interface ImageDocuments {
  readonly manifest: OciManifest;
  readonly config: OciConfig;
}

/** Reads an image's documents. Throws not_found when one is missing, and an Error when one is not what it should be. */
export async function readImageDocuments(
  store: Pick<ImageStore, "read">,
  digest: string,
): Promise<ImageDocuments> {
  const manifest = parseManifest(await bytesOf(await store.read(digest)));
  const config = parseConfig(await bytesOf(await store.read(manifest.config.digest)));
  if (manifest.layers.length !== config.rootfs.diff_ids.length)
    throw new Error(`image ${digest} lists ${manifest.layers.length} layers but another number of diff_ids`);
  return { manifest, config };
}

/** What Conifer shows of an image: its architecture, processes and buildpacks. Throws as `readImageDocuments`. */
export async function readImageInfo(store: Pick<ImageStore, "read">, digest: string): Promise<ImageInfo> {
  return imageInfoOf(digest, await readImageDocuments(store, digest));
}

/** The pure part of `readImageInfo`. The size is that of the manifest's blobs as stored. */
export function imageInfoOf(digest: string, { manifest, config }: ImageDocuments): ImageInfo {
  const { architecture } = config;
  if (architecture !== "amd64" && architecture !== "arm64")
    throw new Error(`image ${digest} is for ${architecture}; only amd64 and arm64 run here`);
  const sizes = [manifest.config, ...manifest.layers].map((descriptor) => descriptor.size);
  return {
    digest,
    architecture,
    ...readBuildFacts(config.config.Labels ?? {}, config.config.Entrypoint ?? []),
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
  };
}

async function bytesOf(content: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > DOCUMENT_LIMIT) throw new Error(`an image document is larger than ${DOCUMENT_LIMIT} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
