import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DOCUMENT_LIMIT, hexOf, isDigest, parseIndex, parseManifest } from "../delivery/image/index.ts";

/**
 * Looks whether images are whole on the disk, and returns what is not: one line for each blob that is not there, which no release can start without.
 */
export async function findBrokenImages(
  images: string,
  digests: readonly string[],
): Promise<readonly string[]> {
  const problems: string[] = [];
  const done = new Set<string>();
  for (const image of new Set(digests)) {
    const waiting = [image];
    for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
      if (done.has(digest) || !isDigest(digest)) continue;
      done.add(digest);
      const path = join(images, "blobs", "sha256", hexOf(digest));
      const found = await stat(path).catch(() => undefined);
      if (!found) problems.push(`the image ${image} is not whole: its part ${digest} is not there`);
      else if (found.size <= DOCUMENT_LIMIT) waiting.push(...partsOf(await readFile(path)));
    }
  }
  return problems;
}

/** What an index or a manifest names; nothing for any other blob. */
function partsOf(bytes: Buffer): readonly string[] {
  if (bytes[0] !== 0x7b) return [];
  for (const parse of [
    () => parseIndex(bytes).manifests,
    () => {
      const { config, layers } = parseManifest(bytes);
      return [config, ...layers];
    },
  ]) {
    try {
      return parse().map(({ digest }) => digest);
    } catch {
      // It is of the other kind, or of none.
    }
  }
  return [];
}
