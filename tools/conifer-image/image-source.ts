import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { blobPath } from "../../buildpacks/lifecycle/image-layout.ts";
import {
  DOCUMENT_LIMIT,
  digestOf,
  isDigest,
  type OciDescriptor,
  parseIndex,
} from "../../platform/src/delivery/image/index.ts";
import type { RegistryClient } from "../../platform/src/drivers/registry/client/index.ts";
import { REFERENCE_NAME } from "./attach-artifacts.ts";

/** A manifest or index, read. */
export interface SourceManifest {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Buffer;
}

/** Where an image lies: a layout, or a repository of a registry. */
export interface ImageSource {
  /** By digest or tag; undefined when there is none. What comes by digest has it. */
  manifest(reference: string): Promise<SourceManifest | undefined>;
  /** A small blob. Throws when it is not there, or is not what the descriptor says. */
  small(descriptor: OciDescriptor): Promise<Buffer>;
  /** Why a blob cannot be had whole; undefined when it can. */
  flaw(descriptor: OciDescriptor): Promise<string | undefined>;
}

/** An OCI layout. All of its content is read. */
export async function openLayout(
  folder: string,
): Promise<ImageSource & { readonly listed: readonly OciDescriptor[] }> {
  const listed = parseIndex(await readFile(join(folder, "index.json"))).manifests;
  const read = async (digest: string) => {
    const bytes = await readFile(blobPath(folder, digest)).catch(() => undefined);
    if (bytes && digestOf(bytes) !== digest) throw new Error(`${digest} is damaged in ${folder}`);
    return bytes;
  };
  return {
    listed,
    async manifest(reference) {
      const named = ({ digest, annotations }: OciDescriptor) =>
        isDigest(reference) ? digest === reference : annotations?.[REFERENCE_NAME] === reference;
      const found = listed.find(named);
      const digest = found?.digest ?? (isDigest(reference) ? reference : undefined);
      const bytes = digest === undefined ? undefined : await read(digest);
      if (digest === undefined || !bytes) return undefined;
      const { mediaType } = JSON.parse(bytes.toString("utf8")) as { readonly mediaType?: string };
      return { mediaType: mediaType ?? found?.mediaType ?? "", digest, bytes };
    },
    async small({ digest }) {
      const bytes = await read(digest);
      if (!bytes) throw new Error(`${digest} is missing in ${folder}`);
      return bytes;
    },
    async flaw({ digest, size }) {
      const path = blobPath(folder, digest);
      const found = await stat(path).catch(() => undefined);
      if (!found) return `${digest} is missing`;
      if (found.size !== size) return `${digest} has ${found.size} bytes, not ${size}`;
      const hash = createHash("sha256");
      await pipeline(createReadStream(path), hash);
      return `sha256:${hash.digest("hex")}` === digest ? undefined : `${digest} is damaged`;
    },
  };
}

/** A repository. Of large content it is asked whether it is there: whoever pulls it checks its digest. */
export function openRepository(client: RegistryClient, repository: string): ImageSource {
  return {
    manifest: (reference) => client.pullManifest(repository, reference),
    async small(descriptor) {
      if (descriptor.size > DOCUMENT_LIMIT) throw new Error(`${descriptor.digest} is too large`);
      return await buffer(client.readBlob(repository, descriptor));
    },
    flaw: async ({ digest }) =>
      (await client.hasBlob(repository, digest)) ? undefined : `${digest} is missing`,
  };
}
