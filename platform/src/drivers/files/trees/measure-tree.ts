import type { Dir } from "node:fs";
import { lstat, opendir } from "node:fs/promises";

/** What a folder takes of its file system. */
export interface TreeSize {
  /** On the disk: a file with holes takes what is between them. */
  readonly bytes: number;
  readonly entries: number;
}

const SLASH = Buffer.from("/");
/** Names as they stand on the disk: programs also write some that are not UTF-8. Node takes this word and its types do not. */
const AS_BYTES = { encoding: "buffer" as BufferEncoding };

/**
 * Adds up what is in a folder, and stops once either bound is passed: a tree that is too large costs no more than one that is
 * not. Follows no link. What cannot be read, or goes meanwhile, is left out; a file with several names counts once for all.
 */
export async function measureTree(path: string, most: TreeSize): Promise<TreeSize> {
  const size = { bytes: 0, entries: 0 };
  const queue = [Buffer.from(path)];
  for (let folder = queue.pop(); folder; folder = queue.pop()) {
    const entries = await opendir(folder, AS_BYTES).catch(() => undefined);
    if (entries) await addFolder({ folder, entries, size, queue, most });
    if (isAbove(size, most)) return size;
  }
  return size;
}

interface Adding {
  readonly folder: Buffer;
  readonly entries: Dir;
  readonly size: { bytes: number; entries: number };
  /** Folders still to be looked into. */
  readonly queue: Buffer[];
  readonly most: TreeSize;
}

async function addFolder({ folder, entries, size, queue, most }: Adding): Promise<void> {
  for await (const entry of entries) {
    const child = Buffer.concat([folder, SLASH, entry.name as unknown as Buffer]);
    const found = await lstat(child).catch(() => undefined);
    if (!found) continue;
    size.entries += 1;
    size.bytes += (found.blocks * 512) / (found.isDirectory() ? 1 : Math.max(1, found.nlink));
    if (found.isDirectory()) queue.push(child);
    // Leaving the loop closes the folder.
    if (isAbove(size, most)) return;
  }
}

/** Whether it is more than the bounds allow, of either. */
export function isAbove(size: TreeSize, most: TreeSize): boolean {
  return size.bytes > most.bytes || size.entries > most.entries;
}
