import { isDigest, MEDIA } from "../image/index.ts";
import { askedRange } from "./blob-range.ts";
import type { RegistryAnswer, RegistryCall, RegistryDependencies } from "./registry-call.ts";
import { RegistryError } from "./registry-error.ts";
import { isDigestForm, isSubject } from "./registry-rules.ts";

/** A manifest by digest or tag, exactly as it was pushed. */
export async function serveManifest(
  { content, records }: RegistryDependencies,
  { repository }: RegistryCall,
  reference: string,
): Promise<RegistryAnswer> {
  const isOther = isDigestForm(reference) && !isDigest(reference);
  const found = isOther ? undefined : await records.findManifest(repository, reference);
  if (!found || (await content.sizeOf(found.digest)) === undefined) throw manifestUnknown();
  const { digest, mediaType, sizeBytes } = found;
  return {
    status: 200,
    headers: {
      "content-type": mediaType,
      "content-length": sizeBytes,
      "docker-content-digest": digest,
      etag: `"${digest}"`,
    },
    body: () => content.read(digest),
  };
}

/** A blob of the repository, or the part of it that was asked for. */
export async function serveBlob(
  { content, records }: RegistryDependencies,
  { repository, request }: RegistryCall,
  digest: string,
): Promise<RegistryAnswer> {
  const size = (await records.holdsBlob(repository, digest)) ? await content.sizeOf(digest) : undefined;
  if (size === undefined) throw blobUnknown();
  const headers = {
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    "accept-ranges": "bytes",
    etag: `"${digest}"`,
  };
  const condition = request.headers["if-range"];
  const conditional = condition !== undefined && condition !== headers.etag;
  const range = askedRange(conditional ? undefined : request.headers.range, size);
  switch (range.kind) {
    case "whole":
      return {
        status: 200,
        headers: { ...headers, "content-length": size },
        body: () => content.read(digest),
      };
    case "part":
      return {
        status: 206,
        headers: {
          ...headers,
          "content-length": range.end - range.start + 1,
          "content-range": `bytes ${range.start}-${range.end}/${size}`,
        },
        body: () => content.read(digest, range),
      };
    case "unsatisfiable":
      throw new RegistryError("SIZE_INVALID", `the blob has ${size} bytes`, {
        status: 416,
        headers: { "content-range": `bytes */${size}` },
      });
  }
}

/** What refers to a manifest: an index, empty when nothing does (distribution-spec 1.1, "Listing Referrers"). */
export async function serveReferrers(
  { records }: RegistryDependencies,
  { repository, query }: RegistryCall,
  digest: string,
): Promise<RegistryAnswer> {
  const all = isSubject(digest) ? await records.referrers(repository, digest) : [];
  const wanted = query.get("artifactType");
  const manifests = wanted ? all.filter((one) => one.artifactType === wanted) : all;
  return {
    status: 200,
    headers: {
      "content-type": MEDIA.index,
      ...(wanted ? { "oci-filters-applied": "artifactType" } : {}),
    },
    body: JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.index, manifests }),
  };
}

const MOST_TAGS = 1_000;
const TAG_N = /^\d{1,9}$/;

/** A page of the tags in their order: `n` of them after `last`. */
export async function serveTags(
  { records }: RegistryDependencies,
  { repository, query }: RegistryCall,
): Promise<RegistryAnswer> {
  const n = query.get("n");
  if (n !== null && !TAG_N.test(n))
    throw new RegistryError("UNSUPPORTED", "n is a whole number of tags", { status: 400 });
  const tags = await records.tags(repository);
  if (!tags) throw nameUnknown();
  const last = query.get("last");
  const after = tags.toSorted(lexically).filter((tag) => last === null || lexically(tag, last) > 0);
  const page = after.slice(0, Math.min(n === null ? MOST_TAGS : Number(n), MOST_TAGS));
  const name = `${repository.space}/${repository.name}`;
  const end = page.at(-1);
  const more = end !== undefined && after.length > page.length;
  const next = `</v2/${name}/tags/list?n=${page.length}&last=${end}>; rel="next"`;
  return {
    status: 200,
    headers: { "content-type": "application/json", ...(more ? { link: next } : {}) },
    body: JSON.stringify({ name, tags: page }),
  };
}

/** "Lexical order (i.e. case-insensitive alphanumeric order)", and by bytes where that says nothing. Tags are ASCII. */
function lexically(a: string, b: string): number {
  return byBytes(a.toLowerCase(), b.toLowerCase()) || byBytes(a, b);
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The same words for what is not there and for what is another's. */
export const manifestUnknown = () => new RegistryError("MANIFEST_UNKNOWN", "there is no such manifest");
export const blobUnknown = () => new RegistryError("BLOB_UNKNOWN", "there is no such blob");
export const nameUnknown = () => new RegistryError("NAME_UNKNOWN", "there is no such repository");
