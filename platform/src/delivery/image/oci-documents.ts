import { createHash } from "node:crypto";
import type { ImagePart } from "./image-ports.ts";

/** Media types of the OCI image format (image-spec 1.1). */
export const MEDIA = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
} as const;

/** The largest manifest, index or config that is read; the OCI distribution specification's advice for manifests. */
export const DOCUMENT_LIMIT = 4 * 1024 * 1024;

export interface OciDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly architecture: string; readonly os: string };
}

export interface OciManifest {
  readonly schemaVersion: 2;
  readonly mediaType: typeof MEDIA.manifest;
  readonly config: OciDescriptor;
  readonly layers: readonly OciDescriptor[];
}

export interface OciIndex {
  readonly schemaVersion: 2;
  readonly mediaType: typeof MEDIA.index;
  readonly manifests: readonly OciDescriptor[];
}

/** The part of an image's config that Conifer and the lifecycle write and read. */
export interface OciConfig {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly created?: string;
  readonly config: {
    readonly User?: string;
    readonly Env?: readonly string[];
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly WorkingDir?: string;
    readonly Labels?: Readonly<Record<string, string>>;
  };
  readonly rootfs: { readonly type: "layers"; readonly diff_ids: readonly string[] };
  readonly history?: readonly { readonly created?: string; readonly created_by?: string }[];
}

/** A document with the bytes that are stored and the descriptor that names them. */
export interface EncodedDocument {
  readonly bytes: Buffer;
  readonly descriptor: OciDescriptor;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** `sha256:<hex>` of the bytes. */
export function digestOf(bytes: Buffer | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export function isDigest(text: unknown): text is string {
  return typeof text === "string" && DIGEST.test(text);
}

/** The 64 hex digits of a digest: the name of its file. Throws on anything that is not a sha256 digest. */
export function hexOf(digest: string): string {
  if (!isDigest(digest)) throw new Error(`"${digest}" is not a sha256 digest`);
  return digest.slice("sha256:".length);
}

/** The same value always gives the same bytes: keys stand in the order their maker wrote them. */
export function encodeDocument(mediaType: string, document: object): EncodedDocument {
  const bytes = Buffer.from(JSON.stringify(document));
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length } };
}

/** A document that is at hand, as a part of an image on its way. */
export function partOfBytes(
  { digest, size }: Pick<OciDescriptor, "digest" | "size">,
  bytes: Buffer,
): ImagePart {
  return {
    ...{ digest, size },
    open: async function* () {
      yield bytes;
    },
  };
}

export function makeManifest(config: OciDescriptor, layers: readonly OciDescriptor[]): OciManifest {
  return { schemaVersion: 2, mediaType: MEDIA.manifest, config, layers };
}

export function makeIndex(manifests: readonly OciDescriptor[]): OciIndex {
  return { schemaVersion: 2, mediaType: MEDIA.index, manifests };
}

/** Reads a manifest that somebody else wrote. Throws with what is wrong with it. */
export function parseManifest(bytes: Buffer): OciManifest {
  const document = parseObject(bytes, "manifest");
  if (document.schemaVersion !== 2) throw new Error("the manifest's schemaVersion is not 2");
  const config = parseDescriptor(document.config, "the manifest's config");
  return makeManifest(config, descriptors(document.layers, "the manifest's layers"));
}

/** Reads an index that somebody else wrote. Throws with what is wrong with it. */
export function parseIndex(bytes: Buffer): OciIndex {
  const document = parseObject(bytes, "index");
  return makeIndex(descriptors(document.manifests, "the index's manifests"));
}

/** Reads an image config that somebody else wrote. Throws with what is wrong with it. */
export function parseConfig(bytes: Buffer): OciConfig {
  const document = parseObject(bytes, "image config");
  const { architecture, os, rootfs, ...rest } = document as Partial<OciConfig>;
  const config = rest.config ?? {};
  if (typeof architecture !== "string" || typeof os !== "string")
    throw new Error("the image config names no architecture and os");
  const diffIds = rootfs?.diff_ids;
  if (!Array.isArray(diffIds) || !diffIds.every(isDigest))
    throw new Error("the image config's diff_ids are not digests");
  const { Env, Labels } = config;
  if (Env !== undefined && !isTexts(Env)) throw new Error("the image config's Env is not a list of texts");
  if (Labels !== undefined && !isTexts(Object.values(Labels)))
    throw new Error("the image config's Labels are not texts");
  return { ...(document as object), architecture, os, config, rootfs: { type: "layers", diff_ids: diffIds } };
}

function parseObject(bytes: Buffer, what: string): Record<string, unknown> {
  if (bytes.length > DOCUMENT_LIMIT) throw new Error(`the ${what} is larger than ${DOCUMENT_LIMIT} bytes`);
  const value: unknown = JSON.parse(bytes.toString("utf8"));
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`the ${what} is not a JSON object`);
  return value as Record<string, unknown>;
}

function descriptors(value: unknown, what: string): OciDescriptor[] {
  if (!Array.isArray(value)) throw new Error(`${what} are not a list`);
  return value.map((item) => parseDescriptor(item, what));
}

function parseDescriptor(value: unknown, what: string): OciDescriptor {
  const descriptor = value as Partial<OciDescriptor> | null;
  const { mediaType, digest, size } = descriptor ?? {};
  if (typeof mediaType !== "string" || !isDigest(digest) || !Number.isSafeInteger(size) || (size ?? -1) < 0)
    throw new Error(`${what} hold no valid descriptor`);
  return { ...descriptor, mediaType, digest, size: size as number };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
