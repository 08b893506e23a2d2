import { statfs } from "node:fs/promises";

/** What has to stay free for the database, logs and routes while builds write: two gigabytes. */
export const LEAST_FREE_BYTES = 2 * 1024 ** 3;
const EVERY_MS = 500;

/** Bytes that are free for users on the file system of a path. */
export type FreeBytes = (path: string) => Promise<number>;

export const freeBytesOf: FreeBytes = async (path) => {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
};

export interface DiskWatch {
  /** Aborted when too little is free. Nothing is told of a disk that cannot be asked. */
  readonly full: AbortSignal;
  stop(): void;
}

/**
 * Looks at the disk under a folder, at once and twice a second, until it is stopped: the kernel bounds what a build takes of
 * memory, processes and time, and nothing bounds what it writes.
 */
export function watchDisk(folder: string, freeBytes: FreeBytes = freeBytesOf): DiskWatch {
  const full = new AbortController();
  let asking = false;
  const look = async () => {
    if (asking) return;
    asking = true;
    const free = await freeBytes(folder).catch(() => Number.POSITIVE_INFINITY);
    asking = false;
    if (free < LEAST_FREE_BYTES) full.abort();
  };
  void look();
  const timer = setInterval(() => void look(), EVERY_MS);
  return { full: full.signal, stop: () => clearInterval(timer) };
}

export const DISK_FULL =
  "The build was stopped, as less than 2 GB of the disk are free. Make the build smaller, or ask the operator for room.";
