import { hexOf, isDigest, makeIndex, type OciDescriptor, parseIndex } from "../../../delivery/image/index.ts";

/** The tag that lists what refers to a manifest where the registry has no list of its own (distribution-spec 1.1). */
export function referrersTag(digest: string): string {
  return `sha256-${hexOf(digest)}`;
}

/** What a manifest is about, and how a list of referrers shows it; undefined for a manifest about itself only. */
export function aboutOf(
  manifest: { readonly mediaType: string; readonly bytes: Buffer },
  digest: string,
): { readonly subject: string; readonly descriptor: OciDescriptor } | undefined {
  const document = JSON.parse(manifest.bytes.toString("utf8")) as {
    readonly subject?: { readonly digest?: unknown };
    readonly artifactType?: string;
    readonly config?: { readonly mediaType?: string };
    readonly annotations?: Readonly<Record<string, string>>;
  };
  const subject = document.subject?.digest;
  if (!isDigest(subject)) return undefined;
  const { annotations } = document;
  const artifactType = document.artifactType || document.config?.mediaType;
  return {
    subject,
    descriptor: {
      ...{ mediaType: manifest.mediaType, digest, size: manifest.bytes.length },
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  };
}

/** A list of referrers with one more; the same bytes when it is there already. */
export function withReferrer(list: Buffer | undefined, referrer: OciDescriptor): Buffer {
  const before = list ? parseIndex(list).manifests : [];
  if (list && before.some(({ digest }) => digest === referrer.digest)) return list;
  return Buffer.from(JSON.stringify(makeIndex([...before, referrer])));
}

/** Reads a list of referrers; with a type, only those of it, which not every registry sorts out by itself. */
export function referrersIn(list: Buffer, artifactType?: string): readonly OciDescriptor[] {
  const all = parseIndex(list).manifests;
  return artifactType === undefined ? all : all.filter((one) => one.artifactType === artifactType);
}
