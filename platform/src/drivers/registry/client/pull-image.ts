import type { Readable } from "node:stream";
import {
  DOCUMENT_LIMIT,
  type ImageSink,
  type OciDescriptor,
  type OciManifest,
  parseConfig,
  parseIndex,
  parseManifest,
  partOfBytes,
} from "../../../delivery/image/index.ts";
import type { ImageReference } from "./image-reference.ts";
import type { RegistryClient } from "./registry-client.ts";

/** A manifest or index as it is kept somewhere. */
export interface OriginDocument {
  readonly bytes: Buffer;
  readonly digest: string;
  readonly mediaType: string;
}

/** Where an image comes from. */
export interface ImageOrigin {
  /** What is named, or the manifest of an index by its digest; undefined when there is none. */
  document(digest?: string): Promise<OriginDocument | undefined>;
  /** Content that need not be checked by who reads it. */
  blob(blob: { readonly digest: string; readonly size: number }): Readable;
}

/** An image of a registry. */
export function imageInRegistry(
  client: RegistryClient,
  { repository, tag, digest }: ImageReference,
  signal?: AbortSignal,
): ImageOrigin {
  return {
    document: (wanted) => client.pullManifest(repository, wanted ?? digest ?? tag ?? "latest", { signal }),
    blob: (blob) => client.readBlob(repository, blob, { signal }),
  };
}

export interface PullOptions {
  readonly to: ImageSink;
  readonly architecture: "amd64" | "arm64";
  /** Bytes of layers, as the registry has them, at the most. */
  readonly limitBytes: number;
  /** Told once, before anything large comes: how many bytes the image has and how many of them are not there yet. */
  readonly onSize?: (bytes: { readonly all: number; readonly missing: number }) => void;
}

export interface PulledImage {
  /** Of the manifest for this architecture. */
  readonly digest: string;
}

/** Layers that come at once. */
const AT_ONCE = 3;
const INDEXES = /^application\/vnd\.(oci\.image\.index\.v1|docker\.distribution\.manifest\.list\.v2)\+json$/;

/**
 * Takes an image from where it is to where it shall be, whole: the manifest comes last. What is there is not fetched
 * again. Throws what the origin throws, and an Error that says what is wrong with the image; undefined when there is none.
 */
export async function pullImage(origin: ImageOrigin, options: PullOptions): Promise<PulledImage | undefined> {
  const { to } = options;
  const found = await origin.document();
  const one = found && (await forArchitecture(found, origin, options.architecture));
  if (!one) return undefined;
  const manifest = parseManifest(one.bytes);
  const config = await smallBlob(origin, manifest.config);
  requireArchitecture(config, options.architecture);
  const waiting = await missingOf(manifest, options);
  const fetchAll = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      await to.write({
        ...{ digest: next.digest, size: next.size },
        open: () => origin.blob(next) as AsyncIterable<Buffer>,
      });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fetchAll));
  await to.write(partOfBytes(manifest.config, config));
  await to.writeManifest(one.bytes, one.digest);
  return { digest: one.digest };
}

/** The manifest itself, or the one that an index has for this architecture. */
async function forArchitecture(
  found: OriginDocument,
  origin: ImageOrigin,
  architecture: string,
): Promise<OriginDocument | undefined> {
  const { mediaType } = JSON.parse(found.bytes.toString()) as { mediaType?: unknown };
  if (!INDEXES.test(String(mediaType ?? found.mediaType))) return found;
  const { manifests } = parseIndex(found.bytes);
  const ofLinux = manifests.filter(({ platform }) => platform?.os === "linux");
  const fitting = ofLinux.find(({ platform }) => platform?.architecture === architecture);
  if (fitting) return await origin.document(fitting.digest);
  const theirs = new Set(ofLinux.map(({ platform }) => platform?.architecture ?? ""));
  throw wrongArchitecture([...theirs].join(", "), architecture);
}

async function smallBlob(origin: ImageOrigin, descriptor: OciDescriptor): Promise<Buffer> {
  if (descriptor.size > DOCUMENT_LIMIT) throw new Error(`its config is larger than ${DOCUMENT_LIMIT} bytes`);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of origin.blob(descriptor) as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > descriptor.size) throw new Error("its config is larger than its manifest says");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function requireArchitecture(config: Buffer, ours: string): void {
  const { os, architecture } = parseConfig(config);
  if (os !== "linux" || architecture !== ours)
    throw wrongArchitecture(os === "linux" ? architecture : `${os}/${architecture}`, ours);
}

function wrongArchitecture(theirs: string, ours: string): Error {
  return new Error(`it is made for ${theirs || "no platform of Linux"}, and this machine is ${ours}`);
}

async function missingOf(
  { layers }: OciManifest,
  { to, limitBytes, onSize }: PullOptions,
): Promise<OciDescriptor[]> {
  const all = layers.reduce((sum, { size }) => sum + size, 0);
  const megabytes = (bytes: number) => `${Math.round(bytes / 1_000_000)} MB`;
  if (all > limitBytes)
    throw new Error(`it is ${megabytes(all)} large, and the most is ${megabytes(limitBytes)}`);
  const missing = new Map<string, OciDescriptor>();
  for (const layer of layers) if (!(await to.has(layer.digest))) missing.set(layer.digest, layer);
  const bytes = [...missing.values()].reduce((sum, { size }) => sum + size, 0);
  onSize?.({ all, missing: bytes });
  return [...missing.values()];
}
