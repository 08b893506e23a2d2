import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { invalidParams } from "../../kernel/index.ts";
import { findSingleDirectory } from "./clean-tar.ts";
import type { ArchiveStore, SourceStore } from "./source-ports.ts";
import { type StoredSource, storeSource } from "./store-source.ts";
import { DEFAULT_TAR_LIMITS, type TarLimits } from "./tar-limits.ts";
import { unpackArchive } from "./unpack-archive.ts";

export interface StoreArchiveDependencies {
  readonly archives: ArchiveStore;
  readonly sources: SourceStore;
  readonly limits?: Partial<TarLimits> | undefined;
}

/**
 * Checks a stored archive, takes off the directory that holds everything, if there is one (facts: build §4), and stores
 * its content as a source. Symbolic links must stay inside. Throws invalid_params when the rules or the checksum,
 * `SHA256:<hex>` of the archive as it was sent, refuse it.
 */
export async function storeArchive(
  id: string,
  checksum: string | undefined,
  { archives, sources, limits }: StoreArchiveDependencies,
): Promise<StoredSource> {
  const all = { ...DEFAULT_TAR_LIMITS, ...limits };
  const open = async () => (await archives.read(id)).content;
  if (checksum !== undefined) await verifyChecksum(checksum, await open());
  const strip = await findSingleDirectory(unpackArchive(await open(), all), all);
  return await storeSource(unpackArchive(await open(), all), {
    sources,
    limits: all,
    links: "inside",
    strip,
  });
}

/** Throws invalid_params for a checksum that is malformed or another. */
async function verifyChecksum(checksum: string, archive: Readable): Promise<void> {
  const wanted = parseChecksum(checksum);
  const hash = createHash("sha256");
  await pipeline(archive, hash);
  const found = hash.digest("hex");
  if (found === wanted) return;
  throw invalidParams(
    `The source's checksum does not match: SHA256:${wanted} was given, the archive has SHA256:${found}.`,
  );
}

/** The digest in `SHA256:<hex>`, lower case; throws invalid_params for another form. */
export function parseChecksum(text: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/i.exec(text.trim())?.[1];
  if (hex) return hex.toLowerCase();
  throw invalidParams("The source's checksum must have the form SHA256:<64 hexadecimal digits>.");
}
