import { buffer } from "node:stream/consumers";
import { digestOf } from "../image/index.ts";
import { type ManifestDocument, readManifestDocument } from "./manifest-document.ts";
import type { RegistryDependencies, RegistryLimits } from "./registry-call.ts";
import { RegistryError } from "./registry-error.ts";
import type { HeldManifest } from "./registry-ports.ts";
import type { RegistryQuota } from "./registry-quota.ts";
import { isDigestForm, type Repository } from "./registry-rules.ts";

export interface PushedManifest {
  readonly repository: Repository;
  /** The tag it gets, or the digest that it must have. */
  readonly reference: string;
  readonly contentType: string | undefined;
  readonly bytes: Buffer;
}

/**
 * Takes a manifest into a repository. Everything that it names must be in the same repository already: a manifest that
 * names another's content by its digest would otherwise open it. It is durable, and all of it can be pulled, on return.
 */
export async function putManifest(
  deps: ManifestStores & { readonly quota: RegistryQuota },
  pushed: PushedManifest,
  limits: Pick<RegistryLimits, "tags" | "referrers">,
): Promise<HeldManifest> {
  const { repository, reference, bytes } = pushed;
  const digest = digestOf(bytes);
  if (isDigestForm(reference) && reference !== digest)
    throw new RegistryError("DIGEST_INVALID", `the manifest's digest is ${digest}, not ${reference}`);
  const { mediaType, blobs, manifests, ...about } = readManifestDocument(bytes, pushed.contentType);
  await checkParts(deps, repository, { blobs, manifests });
  if (!(await deps.records.findManifest(repository, digest)))
    await deps.quota.admit(repository, bytes.length, digest);
  await checkRoom(deps, pushed, { digest, subject: about.subject, limits });
  await deps.content.write(bytes, digest);
  const manifest = { digest, mediaType, sizeBytes: bytes.length, ...about };
  await deps.records.holdManifest(repository, manifest, isDigestForm(reference) ? undefined : reference);
  deps.quota.added(repository, digest, bytes.length);
  return manifest;
}

type ManifestStores = Pick<RegistryDependencies, "content" | "records">;

/** An index may name indexes; more than this one below the other is nobody's image. */
const DEEPEST = 4;

/**
 * Throws unless all that a manifest names is in the repository, and what that names in turn. Each part that was looked at is
 * not collected before a time of grace is over, in which the manifest comes to name it.
 */
async function checkParts(
  stores: ManifestStores,
  repository: Repository,
  { blobs, manifests }: Pick<ManifestDocument, "blobs" | "manifests">,
  depth = 1,
): Promise<void> {
  if (depth > DEEPEST)
    throw new RegistryError("MANIFEST_INVALID", `indexes name indexes more than ${DEEPEST} deep`);
  for (const { digest, size } of blobs) {
    const held = await stores.records.holdsBlob(repository, digest);
    checkPart(digest, size, held ? await stores.content.sizeOf(digest) : undefined);
  }
  for (const { digest, size } of manifests) {
    const found = await stores.records.findManifest(repository, digest);
    checkPart(digest, size, found && (await stores.content.sizeOf(digest)));
    if (!found) continue;
    const document = await buffer(await stores.content.read(digest));
    await checkParts(stores, repository, readManifestDocument(document, found.mediaType), depth + 1);
  }
}

function checkPart(digest: string, size: number, found: number | undefined): void {
  if (found === undefined)
    throw new RegistryError("MANIFEST_BLOB_UNKNOWN", `the manifest names ${digest}; push that first`);
  if (found !== size)
    throw new RegistryError(
      "MANIFEST_INVALID",
      `the manifest says ${digest} has ${size} bytes, not ${found}`,
    );
}

/** Lists stay bounded. What is there already can be pushed again. */
async function checkRoom(
  { records }: Pick<ManifestStores, "records">,
  { repository, reference }: PushedManifest,
  {
    digest,
    subject,
    limits,
  }: {
    digest: string;
    subject: string | undefined;
    limits: Pick<RegistryLimits, "tags" | "referrers">;
  },
): Promise<void> {
  if (!isDigestForm(reference)) {
    const tags = (await records.tags(repository)) ?? [];
    if (tags.length >= limits.tags && !tags.includes(reference))
      throw new RegistryError("DENIED", `the repository has ${limits.tags} tags, the most there may be`);
  }
  if (subject === undefined) return;
  const referrers = await records.referrers(repository, subject);
  if (referrers.length >= limits.referrers && !referrers.some((one) => one.digest === digest))
    throw new RegistryError("DENIED", `${subject} has ${limits.referrers} referrers, the most there may be`);
}
