import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  DOCUMENT_LIMIT,
  digestOf,
  hexOf,
  type OciDescriptor,
  parseIndex,
} from "../../../delivery/image/index.ts";
import type { ImageOrigin } from "../../registry/client/index.ts";

const REF_NAME = "org.opencontainers.image.ref.name";

/** The images of an OCI layout on disk that an operator has named. */
export interface ImageLayout {
  /** The first image. */
  readonly first: ImageOrigin;
  /** The image of one of these names; undefined when the layout has none. */
  named(names: readonly string[]): ImageOrigin | undefined;
}

/** Reads a folder that an operator has named. Throws when it is no OCI layout, or holds nothing. */
export async function readImageLayout(folder: string): Promise<ImageLayout> {
  const index = await readFile(join(folder, "index.json")).catch((cause: unknown) => {
    throw new Error(`${folder} is no OCI layout: it has no index.json`, { cause });
  });
  const { manifests } = parseIndex(index);
  const [first] = manifests;
  if (!first) throw new Error(`the OCI layout ${folder} holds no image`);
  return {
    first: originOf(folder, first),
    named: (names) => {
      const found = manifests.find(({ annotations }) => names.includes(annotations?.[REF_NAME] ?? ""));
      return found && originOf(folder, found);
    },
  };
}

function originOf(folder: string, named: OciDescriptor): ImageOrigin {
  const pathOf = (digest: string) => join(folder, "blobs/sha256", hexOf(digest));
  return {
    async document(digest = named.digest) {
      const { size } = await stat(pathOf(digest));
      if (size > DOCUMENT_LIMIT)
        throw new Error(`the document ${digest} is larger than ${DOCUMENT_LIMIT} bytes`);
      const bytes = await readFile(pathOf(digest));
      if (digestOf(bytes) !== digest)
        throw new Error(`the document ${digest} of ${folder} is something else`);
      return { bytes, digest, mediaType: digest === named.digest ? named.mediaType : "" };
    },
    blob: ({ digest }) => createReadStream(pathOf(digest)),
  };
}
