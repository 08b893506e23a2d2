import type { KeyObject } from "node:crypto";
import { isSignatureOf, SIGNATURE, signatureTag } from "../../platform/src/delivery/attestation/index.ts";
import {
  MEDIA,
  type OciDescriptor,
  parseIndex,
  parseManifest,
} from "../../platform/src/delivery/image/index.ts";
import { errorText } from "../../platform/src/kernel/index.ts";
import { ImageError } from "../images/image-error.ts";
import type { ImageSource, SourceManifest } from "./image-source.ts";

export interface VerifiedImage {
  readonly digest: string;
  /** Such as `linux/amd64`. */
  readonly platforms: readonly string[];
}

/**
 * Checks that an image is signed with a key's other half and that all of it is there.
 * @param reference its tag or digest
 * @throws ImageError that says what is wrong
 */
export async function verifyImage(
  source: ImageSource,
  reference: string,
  key: KeyObject,
): Promise<VerifiedImage> {
  try {
    const image = await source.manifest(reference);
    if (!image) throw new Error("there is no such image");
    await requireSignature(source, image.digest, key);
    return { digest: image.digest, platforms: await requireContent(source, image) };
  } catch (thrown) {
    if (thrown instanceof ImageError) throw thrown;
    throw new ImageError("failed", `${reference} is not good: ${errorText(thrown)}.`, { cause: thrown });
  }
}

async function requireSignature(source: ImageSource, digest: string, key: KeyObject): Promise<void> {
  const found = await source.manifest(signatureTag(digest));
  if (!found) throw new Error(`nobody has signed ${digest}`);
  for (const layer of parseManifest(found.bytes).layers) {
    const signature = layer.annotations?.[SIGNATURE.annotation];
    if (layer.mediaType !== SIGNATURE.type || signature === undefined) continue;
    if (isSignatureOf(digest, { payload: await source.small(layer), signature }, key)) return;
  }
  throw new Error(`no signature of ${digest} was made with this key`);
}

/** Returns the platforms of the image. */
async function requireContent(source: ImageSource, image: SourceManifest): Promise<string[]> {
  const isIndex = image.mediaType === MEDIA.index;
  const images = isIndex ? parseIndex(image.bytes).manifests : [descriptorOf(image)];
  const blobs = new Map<string, OciDescriptor>();
  for (const { digest } of images) {
    const manifest = await source.manifest(digest);
    if (!manifest) throw new Error(`its manifest ${digest} is missing`);
    const { config, layers } = parseManifest(manifest.bytes);
    for (const one of [config, ...layers]) blobs.set(one.digest, one);
  }
  for (const blob of blobs.values()) {
    const flaw = await source.flaw(blob);
    if (flaw !== undefined) throw new Error(flaw);
  }
  return images.flatMap(({ platform }) => (platform ? [`${platform.os}/${platform.architecture}`] : []));
}

function descriptorOf({ mediaType, digest, bytes }: SourceManifest): OciDescriptor {
  return { mediaType, digest, size: bytes.length };
}
