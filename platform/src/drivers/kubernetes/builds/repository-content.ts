import { Readable } from "node:stream";
import { type ImageSink, MEDIA } from "../../../delivery/image/index.ts";
import { notFound } from "../../../kernel/index.ts";
import type { RegistryClient } from "../../registry/client/index.ts";

type Client = Pick<
  RegistryClient,
  "pullManifest" | "hasBlob" | "readBlob" | "pushBlob" | "mountBlob" | "pushManifest"
>;

/** Content of one repository of a registry, by digest, as an image store gives it. */
export interface RepositoryContent {
  has(digest: string): Promise<boolean>;
  /** Throws not_found (resource `image`) when it is not there. */
  read(digest: string): Promise<Readable>;
}

/** Manifests are told from blobs by asking for them first: there are few, and each is asked for once. */
export function readRepository(client: Client, repository: string): RepositoryContent {
  const manifests = new Map<string, Promise<Buffer | undefined>>();
  const manifestOf = (digest: string) => {
    const found =
      manifests.get(digest) ?? client.pullManifest(repository, digest).then((pulled) => pulled?.bytes);
    manifests.set(digest, found);
    return found;
  };
  return {
    has: async (digest) =>
      (await client.hasBlob(repository, digest)) || (await manifestOf(digest)) !== undefined,
    read: async (digest) => {
      if (await client.hasBlob(repository, digest)) return client.readBlob(repository, { digest });
      const bytes = await manifestOf(digest);
      if (!bytes) throw notFound("image");
      return Readable.from([bytes]);
    },
  };
}

/**
 * A repository as the place where a collected image goes. Layers of another repository, such as the run image's, are
 * taken over from there without being sent; what is there already is not sent again.
 */
export function intoRepository(client: Client, repository: string, from: readonly string[]): ImageSink {
  const has = async (digest: string) => {
    if (await client.hasBlob(repository, digest)) return true;
    for (const other of from) if (await client.mountBlob(repository, digest, other)) return true;
    return false;
  };
  return {
    has,
    write: async (blob) => {
      if (!(await client.hasBlob(repository, blob.digest))) await client.pushBlob(repository, blob);
    },
    writeManifest: (bytes, digest) =>
      client.pushManifest(repository, digest, { mediaType: mediaTypeOf(bytes), bytes }),
  };
}

/** As the manifest says itself: images of others may have Docker's type, which a registry wants to be told. */
function mediaTypeOf(manifest: Buffer): string {
  const { mediaType } = JSON.parse(manifest.toString()) as { mediaType?: unknown };
  return typeof mediaType === "string" ? mediaType : MEDIA.manifest;
}
