import { isDigest } from "../image/index.ts";
import { RegistryError } from "./registry-error.ts";
import { isDigestForm, isReference, parseRepository, type Repository } from "./registry-rules.ts";

/** What a path of the registry's API means (distribution-spec 1.1, "Endpoints"). */
export type RegistryRoute =
  | { readonly kind: "ping" }
  | { readonly kind: "token" }
  | (RepositoryRoute & { readonly repository: Repository });

export type RepositoryRoute =
  | { readonly kind: "manifest"; readonly reference: string }
  | { readonly kind: "blob"; readonly digest: string }
  | { readonly kind: "uploads" }
  | { readonly kind: "upload"; readonly id: string }
  | { readonly kind: "tags" }
  | { readonly kind: "referrers"; readonly digest: string };

const IN_REPOSITORY = /^\/v2\/([^/]+\/[^/]+)\/(.+)$/;
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Finds the route of a path as it stands in the request. Names and digests need no encoding, so nothing is decoded: what
 * holds a `%` or a `..` is no name. Throws NAME_INVALID and its like, all 404 but for digests.
 */
export function parseRoute(path: string): RegistryRoute {
  if (path === "/v2/" || path === "/v2") return { kind: "ping" };
  if (path === "/v2/token") return { kind: "token" };
  const [, name = "", rest = ""] = IN_REPOSITORY.exec(path) ?? [];
  const repository = parseRepository(name);
  if (!repository) throw new RegistryError("NAME_INVALID", "there is no repository of that name");
  return { repository, ...inRepository(rest) };
}

function inRepository(rest: string): RepositoryRoute {
  if (rest === "blobs/uploads" || rest === "blobs/uploads/") return { kind: "uploads" };
  if (rest === "tags/list") return { kind: "tags" };
  const slash = rest.lastIndexOf("/");
  const last = rest.slice(slash + 1);
  switch (rest.slice(0, slash)) {
    case "manifests":
      // No tag has a colon: this was meant as a digest.
      if (!isReference(last) && last.includes(":")) throw unreadable("DIGEST_INVALID", last, "a digest");
      if (!isReference(last)) throw unreadable("MANIFEST_UNKNOWN", last, "a tag or a digest");
      return { kind: "manifest", reference: last };
    case "blobs":
      if (!isDigestForm(last)) throw unreadable("DIGEST_INVALID", last, "a digest");
      // A blob by another algorithm is one that nobody has pushed here.
      if (!isDigest(last))
        throw unreadable("BLOB_UNKNOWN", last, "a sha256 digest, by which content is stored");
      return { kind: "blob", digest: last };
    case "blobs/uploads":
      if (!ID.test(last)) throw new RegistryError("BLOB_UPLOAD_UNKNOWN", "there is no such upload");
      return { kind: "upload", id: last };
    case "referrers":
      if (!isDigestForm(last)) throw unreadable("DIGEST_INVALID", last, "a digest");
      return { kind: "referrers", digest: last };
    default:
      throw new RegistryError("UNSUPPORTED", "there is nothing at this path", { status: 404 });
  }
}

function unreadable(
  code: "MANIFEST_UNKNOWN" | "BLOB_UNKNOWN" | "DIGEST_INVALID",
  given: string,
  wanted: string,
) {
  return new RegistryError(code, `"${given.slice(0, 200)}" is not ${wanted}`);
}
