import { readS3Document, type S3Element } from "./s3-documents.ts";
import type { S3Object, S3Part, S3Parts } from "./s3-objects.ts";
import { S3RequestError } from "./s3-request-error.ts";
import type { S3Requests } from "./s3-requests.ts";

/** A list comes in pages; each says where the next one begins. */
async function* pages(
  requests: S3Requests,
  { doing, key, query }: { doing: string; key?: string; query: Readonly<Record<string, string>> },
  next: (page: S3Element) => Readonly<Record<string, string>>,
): AsyncGenerator<S3Element> {
  for (let more: Readonly<Record<string, string>> = {}; ; ) {
    const asked = {
      doing,
      method: "GET" as const,
      ...(key === undefined ? {} : { key }),
      query: { ...query, ...more },
    };
    const { bytes } = await requests.ask(asked);
    const page = readS3Document(bytes.toString());
    if (!page) throw strange(`${doing}: the answer is not the S3 API's.`);
    yield page;
    if (page.text("IsTruncated") !== "true") return;
    more = next(page);
    // The first page would come again, and for ever.
    if (Object.values(more).every((text) => text === ""))
      throw strange(`${doing}: the answer does not say where its next page begins.`);
  }
}

function strange(what: string): S3RequestError {
  return new S3RequestError(`${what} Check CONIFER_S3_ENDPOINT.`, { status: 200, passing: false });
}

function objectPages(requests: S3Requests, query: Readonly<Record<string, string>>) {
  return pages(
    requests,
    { doing: "listing", query: { "list-type": "2", "encoding-type": "url", ...query } },
    (page) => ({
      "continuation-token": page.text("NextContinuationToken"),
    }),
  );
}

/** Keys are asked for in the form of addresses, since XML cannot hold all of them; a store that does not know that says so. */
function decoded(page: S3Element, text: string): string {
  return page.text("EncodingType") === "url" ? decodeURIComponent(text.replaceAll("+", " ")) : text;
}

/** Objects whose keys begin with a prefix (ListObjectsV2). */
export async function* listKeys(requests: S3Requests, prefix: string): AsyncGenerator<S3Object> {
  for await (const page of objectPages(requests, { prefix }))
    for (const one of page.all("Contents"))
      yield {
        key: decoded(page, one.text("Key")),
        size: Number(one.text("Size")),
        modifiedMs: Date.parse(one.text("LastModified")),
      };
}

/** The prefixes up to the next slash. */
export async function* listFolders(requests: S3Requests, prefix: string): AsyncGenerator<string> {
  for await (const page of objectPages(requests, { prefix, delimiter: "/" }))
    for (const one of page.all("CommonPrefixes")) yield decoded(page, one.text("Prefix"));
}

/** The parts of an upload that have come (ListParts); undefined when there is no such upload. */
export async function listParts(
  requests: S3Requests,
  upload: S3Parts,
): Promise<readonly S3Part[] | undefined> {
  const { key, uploadId } = upload;
  const found: S3Part[] = [];
  const asked = { doing: "listing the parts of", key, query: { uploadId } };
  const next = (page: S3Element) => ({ "part-number-marker": page.text("NextPartNumberMarker") });
  try {
    for await (const page of pages(requests, asked, next))
      for (const one of page.all("Part"))
        found.push({
          number: Number(one.text("PartNumber")),
          size: Number(one.text("Size")),
          etag: one.text("ETag"),
        });
  } catch (thrown) {
    if (thrown instanceof S3RequestError && thrown.code === "NoSuchUpload") return undefined;
    throw thrown;
  }
  return found.toSorted((a, b) => a.number - b.number);
}

/** Uploads under way (ListMultipartUploads). Stores that do not tell of them answer with none. */
export async function* listUploads(
  requests: S3Requests,
  prefix: string,
): AsyncGenerator<S3Parts & { readonly initiatedMs: number }> {
  const asked = { doing: "listing the uploads of", query: { uploads: "", prefix } };
  const next = (page: S3Element) => ({
    "key-marker": page.text("NextKeyMarker"),
    "upload-id-marker": page.text("NextUploadIdMarker"),
  });
  for await (const page of pages(requests, asked, next))
    for (const one of page.all("Upload"))
      yield {
        key: one.text("Key"),
        uploadId: one.text("UploadId"),
        initiatedMs: Date.parse(one.text("Initiated")),
      };
}
