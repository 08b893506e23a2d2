import { MEDIA, type OciDescriptor, parseIndex, parseManifest } from "../image/index.ts";
import { RegistryError } from "./registry-error.ts";
import { isSubject } from "./registry-rules.ts";

/** What the registry has to know of a manifest that is pushed. */
export interface ManifestDocument {
  readonly mediaType: string;
  /** What has to be in the repository before it: blobs of an image, manifests of an index. */
  readonly blobs: readonly OciDescriptor[];
  readonly manifests: readonly OciDescriptor[];
  /** For manifests about another one (image-spec 1.1, "subject"), which need not exist. */
  readonly subject?: string;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

const IMAGES: readonly string[] = [MEDIA.manifest, "application/vnd.docker.distribution.manifest.v2+json"];
const INDEXES: readonly string[] = [MEDIA.index, "application/vnd.docker.distribution.manifest.list.v2+json"];
/** An image has at most 127 layers on any engine, an index a handful of platforms. */
const MOST_NAMED = 1_000;
/** What a list of referrers repeats of a manifest is kept small, so that the list is. */
const ANNOTATION_BYTES = 4 * 1024;

/** Reads a pushed manifest. Throws MANIFEST_INVALID with what is wrong with it. */
export function readManifestDocument(bytes: Buffer, contentType: string | undefined): ManifestDocument {
  const document = parse(bytes);
  const declared = contentType?.split(";", 1)[0]?.trim().toLowerCase() || undefined;
  const own = typeof document.mediaType === "string" ? document.mediaType : undefined;
  const mediaType = declared ?? own;
  if (own !== undefined && mediaType !== own)
    throw invalid(`its mediaType is ${own.slice(0, 200)}, not the Content-Type ${mediaType}`);
  if (mediaType === undefined) throw invalid("neither it nor a Content-Type names its media type");
  return { mediaType, ...namedBy(mediaType, bytes), ...aboutOf(document) };
}

/** What a stored document names and is about, when it is a manifest. */
export interface DocumentLinks {
  readonly names: readonly string[];
  /** Those of the names that are manifests. */
  readonly manifests: readonly string[];
  readonly subject?: string;
}

/**
 * What a document in the store names, whoever put it there: its media type is its record's, else its own, else told by what it
 * looks like. Throws MANIFEST_INVALID for what is no manifest.
 */
export function readDocumentLinks(bytes: Buffer, mediaType?: string): DocumentLinks {
  const document = parse(bytes);
  const own = typeof document.mediaType === "string" ? document.mediaType : undefined;
  const guessed = Array.isArray(document.manifests) ? MEDIA.index : MEDIA.manifest;
  const { blobs, manifests } = namedBy(mediaType ?? own ?? guessed, bytes);
  const subject = (document.subject as { digest?: unknown } | null | undefined)?.digest;
  return {
    names: [...blobs, ...manifests].map((part) => part.digest),
    manifests: manifests.map((part) => part.digest),
    ...(isSubject(subject) ? { subject } : {}),
  };
}

function namedBy(mediaType: string, bytes: Buffer): Pick<ManifestDocument, "blobs" | "manifests"> {
  const named = reading(() => {
    if (IMAGES.includes(mediaType)) {
      const { config, layers } = parseManifest(bytes);
      return { blobs: [config, ...layers], manifests: [] };
    }
    if (INDEXES.includes(mediaType)) return { blobs: [], manifests: parseIndex(bytes).manifests };
    throw new Error(`manifests of the type ${mediaType.slice(0, 200)} are not taken`);
  });
  const count = named.blobs.length + named.manifests.length;
  if (count > MOST_NAMED) throw invalid(`it names ${count} parts; at most ${MOST_NAMED} are taken`);
  return named;
}

function aboutOf(document: Record<string, unknown>) {
  if (document.subject === undefined) return {};
  const subject = (document.subject as { digest?: unknown } | null)?.digest;
  if (!isSubject(subject)) throw invalid("its subject has no sha256 or sha512 digest");
  const { annotations } = document;
  const config = document.config as { mediaType?: unknown } | undefined;
  const artifactType = document.artifactType || config?.mediaType;
  if (artifactType !== undefined && (typeof artifactType !== "string" || artifactType.length > 255))
    throw invalid("its artifactType is not a media type");
  return {
    subject,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations: smallTexts(annotations) }),
  };
}

function smallTexts(value: unknown): Record<string, string> {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isMap || !Object.values(value).every((text) => typeof text === "string"))
    throw invalid("its annotations are not texts");
  if (Buffer.byteLength(JSON.stringify(value)) > ANNOTATION_BYTES)
    throw invalid(`the annotations of a manifest with a subject are over ${ANNOTATION_BYTES} bytes`);
  return value as Record<string, string>;
}

function parse(bytes: Buffer): Record<string, unknown> {
  const value: unknown = reading(() => JSON.parse(bytes.toString("utf8")));
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid("it is no object");
  return value as Record<string, unknown>;
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw invalid(thrown instanceof SyntaxError ? "it is not JSON" : (thrown as Error).message);
  }
}

function invalid(why: string): RegistryError {
  return new RegistryError("MANIFEST_INVALID", `the manifest cannot be taken: ${why}`);
}
