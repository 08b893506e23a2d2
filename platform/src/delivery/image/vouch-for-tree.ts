import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { DOCUMENT_LIMIT, MEDIA, parseIndex, parseManifest } from "./oci-documents.ts";

/** A store of which content is not collected for a time of grace after `sizeOf` has found it. */
export interface VouchingContent {
  /** In bytes; undefined when the blob is not there. */
  readonly sizeOf: (digest: string) => Promise<number | undefined>;
  readonly read: (digest: string) => Promise<Readable>;
}

/** A document that is there. */
export interface VouchedDocument {
  readonly mediaType: string;
  readonly size: number;
}

/**
 * Makes a document new for the sweep, with all that it names, and with what is named by the images of an index, each once.
 * Undefined when it is not there; what is no manifest and no index names nothing.
 */
export async function vouchForTree(
  digest: string,
  content: VouchingContent,
): Promise<VouchedDocument | undefined> {
  return await vouchOnce(digest, content, new Set());
}

/** Indexes may name one another many times over, which without `done` would be walked as often. */
async function vouchOnce(
  digest: string,
  content: VouchingContent,
  done: Set<string>,
): Promise<VouchedDocument | undefined> {
  if (done.has(digest)) return undefined;
  done.add(digest);
  const size = await content.sizeOf(digest);
  if (size === undefined) return undefined;
  if (size > DOCUMENT_LIMIT) return { mediaType: MEDIA.manifest, size };
  const bytes = await buffer(await content.read(digest));
  const images = imagesOf(bytes);
  for (const image of images ?? []) await vouchOnce(image, content, done);
  if (images) return { mediaType: MEDIA.index, size };
  for (const part of partsOf(bytes)) await content.sizeOf(part);
  return { mediaType: MEDIA.manifest, size };
}

/** The manifests that a document names, when it is an index. */
function imagesOf(bytes: Buffer): readonly string[] | undefined {
  try {
    return parseIndex(bytes).manifests.map((one) => one.digest);
  } catch {
    return undefined;
  }
}

/** What a document names, when it is a manifest. */
function partsOf(bytes: Buffer): readonly string[] {
  try {
    const { config, layers } = parseManifest(bytes);
    return [config, ...layers].map((part) => part.digest);
  } catch {
    return [];
  }
}
