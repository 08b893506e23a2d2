import { digestOf, isDigest } from "../image/index.ts";
import { readManifestDocument } from "./manifest-document.ts";
import type { RegistryDependencies, RegistryLimits } from "./registry-call.ts";
import { RegistryError } from "./registry-error.ts";
import type { HeldManifest } from "./registry-ports.ts";
import type { Repository } from "./registry-rules.ts";

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
  deps: Pick<RegistryDependencies, "content" | "records">,
  pushed: PushedManifest,
  limits: Pick<RegistryLimits, "tags" | "referrers">,
): Promise<HeldManifest> {
  const { repository, reference, bytes } = pushed;
  const digest = digestOf(bytes);
  if (isDigest(reference) && reference !== digest)
    throw new RegistryError("DIGEST_INVALID", `the manifest's digest is ${digest}, not ${reference}`);
  const { mediaType, blobs, manifests, ...about } = readManifestDocument(bytes, pushed.contentType);
  for (const { digest: part, size } of blobs) {
    const held = await deps.records.holdsBlob(repository, part);
    checkPart(part, size, held ? await deps.content.sizeOf(part) : undefined);
  }
  for (const { digest: part, size } of manifests)
    checkPart(part, size, (await deps.records.findManifest(repository, part))?.sizeBytes);
  await checkRoom(deps, pushed, { subject: about.subject, limits });
  await deps.content.write(bytes, digest);
  const manifest = { digest, mediaType, sizeBytes: bytes.length, ...about };
  await deps.records.holdManifest(repository, manifest, isDigest(reference) ? undefined : reference);
  return manifest;
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
  { records }: Pick<RegistryDependencies, "records">,
  { repository, reference }: PushedManifest,
  { subject, limits }: { subject: string | undefined; limits: Pick<RegistryLimits, "tags" | "referrers"> },
): Promise<void> {
  if (!isDigest(reference)) {
    const tags = (await records.tags(repository)) ?? [];
    if (tags.length >= limits.tags && !tags.includes(reference))
      throw new RegistryError("DENIED", `the repository has ${limits.tags} tags, the most there may be`);
  }
  if (subject === undefined) return;
  const referrers = await records.referrers(repository, subject);
  if (referrers.length >= limits.referrers)
    throw new RegistryError("DENIED", `${subject} has ${limits.referrers} referrers, the most there may be`);
}
