import { buffer } from "node:stream/consumers";
import type { ImageInfo, ImagePlatform } from "./image.ts";
import type { ImageStore } from "./image-ports.ts";
import {
  type EncodedDocument,
  encodeDocument,
  MEDIA,
  makeIndex,
  type OciManifest,
  parseIndex,
} from "./oci-documents.ts";
import { type ImageDocuments, imageInfoOf, readImageDocuments } from "./read-image-info.ts";

/** The processors that apps are built for, in the words of OCI and Debian. */
export const ARCHITECTURES: readonly ImagePlatform["architecture"][] = ["amd64", "arm64"];

/** The image of one kind of processor, with the size of its manifest in bytes. */
export interface PlatformImage extends ImageDocuments {
  readonly digest: string;
  readonly size: number;
  readonly builder?: string;
}

/**
 * What a digest of an image stands for: the manifests of an index, by architecture, or the image itself. What is for other
 * processors is left out. Throws not_found when it is not in the store, and an Error when it is neither.
 */
export async function readPlatforms(
  store: Pick<ImageStore, "read">,
  digest: string,
): Promise<readonly ImagePlatform[]> {
  const bytes = await buffer(await store.read(digest));
  const { manifests } = JSON.parse(bytes.toString("utf8")) as { manifests?: unknown };
  const named =
    manifests === undefined
      ? [{ digest, platform: (await readImageDocuments(store, digest)).config }]
      : parseIndex(bytes).manifests;
  return named.flatMap((one) => {
    const architecture = ARCHITECTURES.find((name) => name === one.platform?.architecture);
    return architecture && one.platform?.os === "linux" ? [{ architecture, digest: one.digest }] : [];
  });
}

/** The digest of the manifest for these processors; undefined where the image has none. Throws as `readPlatforms`. */
export async function findPlatform(
  store: Pick<ImageStore, "read">,
  digest: string,
  architecture: string,
): Promise<string | undefined> {
  return (await readPlatforms(store, digest)).find((one) => one.architecture === architecture)?.digest;
}

/** Reads the image of one kind of processor that was just built. Throws as `readImageDocuments`. */
export async function readPlatformImage(
  store: Pick<ImageStore, "read">,
  { digest, builder }: Pick<ImageInfo, "digest" | "builder">,
): Promise<PlatformImage> {
  const { length: size } = await buffer(await store.read(digest));
  const documents = await readImageDocuments(store, digest);
  return { digest, size, ...documents, ...(builder === undefined ? {} : { builder }) };
}

/** An index, what is shown of it, and what its images have in common. */
export interface JoinedImages {
  readonly index: EncodedDocument;
  readonly info: ImageInfo;
  /** Layers that all of the images have: each is stored once. */
  readonly shared: { readonly layers: number; readonly bytes: number };
  /** Layers of the first image. */
  readonly layers: number;
}

/**
 * Joins the images of one build for several kinds of processors. The order does not depend on which of them was built first, so
 * the same images give the same digest. Throws an Error when they do not run the same processes.
 */
export function joinImages(images: readonly PlatformImage[]): JoinedImages {
  const sorted = images
    .map((image) => ({ ...image, info: imageInfoOf(image.digest, image) }))
    .sort((a, b) => ARCHITECTURES.indexOf(a.info.architecture) - ARCHITECTURES.indexOf(b.info.architecture));
  const [first] = sorted;
  if (!first) throw new Error("there is no image");
  for (const other of sorted.slice(1)) requireSameProcesses(first.info, other.info);
  const index = encodeDocument(
    MEDIA.index,
    makeIndex(
      sorted.map(({ digest, size, info: { architecture } }) => ({
        ...{ mediaType: MEDIA.manifest, digest, size, platform: { architecture, os: "linux" } },
      })),
    ),
  );
  const blobs = new Map(
    sorted.flatMap(({ manifest }) =>
      [manifest.config, ...manifest.layers].map((one) => [one.digest, one.size]),
    ),
  );
  return {
    index,
    info: {
      ...first.info,
      digest: index.descriptor.digest,
      platforms: sorted.map(({ digest, builder, info: { architecture } }) => ({
        ...{ architecture, digest },
        ...(builder === undefined ? {} : { builder }),
      })),
      sizeBytes: [...blobs.values()].reduce((sum, size) => sum + size, 0),
    },
    shared: sharedOf(sorted.map(({ manifest }) => manifest)),
    layers: first.manifest.layers.length,
  };
}

/** A digest is of content: layers with the same one are the same, whoever built them. */
function sharedOf(manifests: readonly OciManifest[]): JoinedImages["shared"] {
  const [first, ...others] = manifests.map(
    ({ layers }) => new Map(layers.map((one) => [one.digest, one.size])),
  );
  const common = [...(first ?? [])].filter(([digest]) => others.every((layers) => layers.has(digest)));
  return { layers: common.length, bytes: common.reduce((sum, [, size]) => sum + size, 0) };
}

function requireSameProcesses(first: ImageInfo, other: ImageInfo): void {
  const told = ({ processes }: ImageInfo) =>
    JSON.stringify(processes.map(({ type, command, args }) => [type, command, args]));
  if (told(first) === told(other)) return;
  throw new Error(
    `it runs other processes on ${other.architecture} than on ${first.architecture}: one release cannot start both`,
  );
}
